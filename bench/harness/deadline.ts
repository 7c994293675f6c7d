/** Nothing in a run waits for ever. */
import { setTimeout as sleep } from 'node:timers/promises';

/** The result of `work`, or an error that names what did not happen in `limitMs`. */
export async function within<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  const done = new AbortController();
  const expired = sleep(limitMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`waited ${(limitMs / 1000).toFixed(1)} s for ${what}`);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    // The sleep rejects when it is cancelled; the race is over and nobody listens any more.
    expired.catch(() => undefined);
    done.abort();
  }
}
