/** What containers wrote: one file per run of a container. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The log of a container's run; runs count from 0, like `restartCount`. */
export const logFile = (podDirectory: string, container: string, run: number): string =>
  join(podDirectory, 'logs', `${container}.${run}.log`);

/** The whole text; undefined when there is no such log. */
export async function readLog(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

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
