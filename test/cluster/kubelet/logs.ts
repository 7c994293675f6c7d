/** What containers wrote: one file per run of a container. */
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../common/clock.ts';

/** The log of a container's run; runs count from 0, like `restartCount`. */
export const logFile = (podDirectory: string, container: string, run: number): string =>
  join(podDirectory, 'logs', `${container}.${run}.log`);

/** The end of a log, as far as it may stand in a termination message: 2048 bytes and 80 lines. */
export async function logTail(file: string): Promise<string> {
  const bytesMax = 2048;
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, bytesMax);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8').split('\n').slice(-81).join('\n');
  } finally {
    await handle.close();
  }
}

export interface ContainerLog {
  readonly file: string;
  /** Whether the run goes on, so that more may come. */
  readonly isOpen: () => boolean;
}

export interface LogStream {
  /** Only the last so many lines of what is there. */
  readonly tailLines?: number | undefined;
  /** Go on with what is written later, until the signal aborts or the run has ended. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

const followEveryMs = 250;

export async function* streamLog(
  { file, isOpen }: ContainerLog,
  { tailLines, follow, signal, clock }: LogStream,
): AsyncGenerator<Buffer> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return;
  try {
    const { size } = await handle.stat();
    let position = tailLines === undefined ? 0 : await lastLines(file, tailLines);
    if (size > position) position += yield* chunk(handle, position);
    while (follow && !signal.aborted) {
      const last = !isOpen();
      position += yield* chunk(handle, position);
      if (last) return;
      await clock.sleep(followEveryMs, signal);
    }
  } finally {
    await handle.close();
  }
}

/** Yields everything from a position on and returns how much it was. */
async function* chunk(handle: FileHandle, from: number): AsyncGenerator<Buffer, number> {
  let read = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, from + read);
    if (bytesRead === 0) return read;
    read += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Where the last lines begin. */
async function lastLines(file: string, lines: number): Promise<number> {
  const content = await readFile(file);
  if (lines === 0) return content.length;
  let start = content.length;
  for (let found = 0; found < lines && start > 1; found++) start = content.lastIndexOf('\n', start - 2) + 1;
  return start;
}
