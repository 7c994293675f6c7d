/**
 * Time and chance as capabilities. Everything that waits, measures or draws takes one of these as a parameter, so
 * that a test can move time by hand and replay a seed. The real forms are in `clock-system.ts`, which only the two
 * `main.ts` files import.
 */

export interface Clock {
  /** Wall clock in milliseconds since the Unix epoch: for records that people or other machines read. */
  now(): number;

  /** Milliseconds that never go backwards: for every duration and deadline inside this process. */
  monotonic(): number;

  /** Calls `action` once after `delayMs`. Returns a function that cancels it; cancelling twice is harmless. */
  after(delayMs: number, action: () => void): () => void;

  /** Resolves after `delayMs`, or at once when the signal aborts: a loop checks its signal after every sleep. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;

  /** 128 random bits as 32 lower-case hexadecimal digits. */
  id(): string;
}
