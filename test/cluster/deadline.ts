/** The end of a grace period. Asking again may bring it nearer, never move it away. */
import type { Clock } from '../../common/clock.ts';

export class Deadline {
  readonly #clock: Clock;
  readonly #reached = new AbortController();
  #startedAtMs: number | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborts at the deadline. */
  get signal(): AbortSignal {
    return this.#reached.signal;
  }

  /** @param graceMs counted from the first call */
  within(graceMs: number): void {
    const now = this.#clock.monotonic();
    this.#startedAtMs ??= now;
    const dueAtMs = this.#startedAtMs + graceMs;
    if (dueAtMs >= this.#dueAtMs) return;
    this.#dueAtMs = dueAtMs;
    this.#cancel();
    this.#cancel = this.#clock.after(Math.max(0, dueAtMs - now), () => {
      this.#reached.abort();
    });
  }

  /** Nobody waits for it any more. */
  cancel(): void {
    this.#cancel();
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
