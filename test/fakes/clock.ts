/** Time that moves only when a test says so, and dice with a seed. */
import type { Clock, Random } from '../../common/clock.ts';

interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly action: () => void;
}

export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  readonly #startedAt: number;

  constructor(startedAt = Date.UTC(2026, 0, 1)) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { dueAt: this.#now + Math.max(0, delayMs), order: this.#order++, action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const cancel = this.after(delayMs, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  /** Timers that wait: a leak shows here. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Moves time on, stopping at every timer on the way and letting what it started settle before the next.
   * Settling means: promises and microtasks, not real I/O.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#now = next.dueAt;
      next.action();
      await settle();
    }
    this.#now = until;
  }

  /** Moves to the next timer, wherever it is; false when none waits. */
  async step(): Promise<boolean> {
    await settle();
    const next = this.#next(Infinity);
    if (!next) return false;
    await this.advance(next.dueAt - this.#now);
    return true;
  }

  #next(until: number): Timer | undefined {
    const due = [...this.#timers].filter(({ dueAt }) => dueAt <= until);
    return due.sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)[0];
  }
}

/** Lets every promise that can go on do so: a turn of the event loop runs all microtasks before it. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Mulberry32: the same seed, the same draws. */
export class FakeRandom implements Random {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  id(): string {
    return Array.from({ length: 4 }, () =>
      Math.floor(this.next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
  }
}
