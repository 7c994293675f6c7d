/**
 * A log file that is rotated by size. It never blocks and never fails whoever writes: while the disk is full or the
 * directory gone, lines are dropped and counted, and the file is opened again every few seconds.
 */
import { mkdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { count } from './count.ts';
import type { Clock } from './clock.ts';

export interface LogFileOptions {
  readonly file: string;
  /** A file this large is put aside as `<file>.1`, the one before as `<file>.2`, and so on. */
  readonly maxBytes: number;
  /** Files in all, at least two. */
  readonly maxFiles: number;
  readonly clock: Clock;
  /** Told once when lines begin to be lost, and once when they are written again, with how many were lost. */
  readonly onTrouble: (what: string) => void;
}

/** What may wait in memory for a slow disk. */
const waitingMaxBytes = 4 * 1024 * 1024;
const againAfterMs = 5000;

export class LogFile {
  readonly #options: LogFileOptions;
  #stream: RotatingFileStream | undefined;
  /** Not before this is the file opened, or looked for, again. */
  #nextLookMs = 0;
  #lost = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Lines that were not written and not told of yet. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    const stream = this.#current();
    if (!stream || stream.writableLength > waitingMaxBytes) {
      this.#lost += 1;
      return;
    }
    stream.write(line);
  }

  close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#nextLookMs = Infinity;
    if (!stream) return Promise.resolve();
    return new Promise((resolve) => {
      stream.once('close', resolve);
      stream.end();
    });
  }

  #current(): RotatingFileStream | undefined {
    const nowMs = this.#options.clock.monotonic();
    if (nowMs < this.#nextLookMs) return this.#stream;
    this.#nextLookMs = nowMs + againAfterMs;
    if (this.#stream) void this.#lookFor(this.#stream);
    else this.#stream = this.#open();
    return this.#stream;
  }

  #open(): RotatingFileStream | undefined {
    const { file, maxBytes, maxFiles } = this.#options;
    const directory = path.dirname(path.resolve(file));
    const name = path.basename(file);
    try {
      mkdirSync(directory, { recursive: true });
    } catch (error) {
      this.#failed(undefined, error);
      return undefined;
    }
    const nameOf = (index: unknown) => (typeof index === 'number' ? `${name}.${String(index)}` : name);
    const stream = createStream(nameOf, {
      path: directory,
      size: `${maxBytes}B`,
      rotate: Math.max(1, maxFiles - 1),
      mode: 0o640,
    });
    // Every fault, also of a rotation, means the same: this stream is over, and another one is tried soon.
    stream.on('error', (error) => {
      this.#failed(stream, error);
    });
    stream.on('warning', (error) => {
      this.#failed(stream, error);
    });
    stream.once('open', () => {
      if (this.#lost > 0)
        this.#options.onTrouble(
          `written again; ${count(this.#lost, 'line')} ${this.#lost === 1 ? 'was' : 'were'} lost`,
        );
      this.#lost = 0;
    });
    return stream;
  }

  /** A file that was removed goes on taking lines that nobody can read. */
  async #lookFor(stream: RotatingFileStream): Promise<void> {
    try {
      await stat(this.#options.file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#failed(stream, error);
    }
  }

  #failed(stream: RotatingFileStream | undefined, error: unknown): void {
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    this.#nextLookMs = this.#options.clock.monotonic() + againAfterMs;
    stream?.destroy();
    if (this.#lost === 0) this.#options.onTrouble(`cannot be written: ${(error as Error).message}`);
    this.#lost += 1;
  }
}
