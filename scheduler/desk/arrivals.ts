/**
 * Sessions that begin or come back take turns at the store. When an instance dies, thousands come at once: were all of
 * them begun together, all would be done late, and by then their clients have hung up and come again. So a few are begun
 * at a time and the others wait in line. Whoever hung up meanwhile costs no more, and who comes back and would wait too
 * long is told when to come again.
 */
import type { Clock } from '../../common/clock.ts';
import { returnAtMs } from '../decide/admission.ts';

export type Arrival<Begun> =
  | { readonly kind: 'begun'; readonly begun: Begun }
  /** It hung up before its turn came. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'busy'; readonly retryAfterMs: number };

export interface Arriving<Begun> {
  readonly begin: () => Promise<Begun>;
  readonly isGone: () => boolean;
  /** It can be told to come again. */
  readonly comesAgain: boolean;
}

/** Each asks the store a few times in a row; so many keep one busy that is 10 ms away. */
const atOnce = 64;

/** By then a client has its session or knows when to come again. */
const patienceMs = 1000;
/** One that knows nothing of coming again is told only when it would have hung up anyway. */
const longPatienceMs = 5000;

export class Arrivals {
  readonly #clock: Clock;
  /** Those in line, by what lets them in. */
  readonly #line = new Set<() => void>();
  #under = 0;
  /** Since there is a line: when it formed, and how many were served. */
  #formedMs = 0;
  #served = 0;
  /** Until then those that were sent away are expected. */
  #bookedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async take<Begun>({ begin, isGone, comesAgain }: Arriving<Begun>): Promise<Arrival<Begun>> {
    if (!(await this.#enters(comesAgain))) return isGone() ? { kind: 'gone' } : this.#sendAway();
    try {
      if (isGone()) return { kind: 'gone' };
      const begun = await begin();
      this.#served += 1;
      return { kind: 'begun', begun };
    } finally {
      this.#leave();
    }
  }

  /** Resolves when it is its turn, to false when that takes too long. */
  async #enters(comesAgain: boolean): Promise<boolean> {
    if (this.#under < atOnce) {
      this.#under += 1;
      return true;
    }
    if (this.#line.size === 0) {
      this.#formedMs = this.#clock.monotonic();
      this.#served = 0;
    }
    return new Promise((resolve) => {
      const enter = () => {
        cancel();
        resolve(true);
      };
      const giveUp = () => {
        this.#line.delete(enter);
        resolve(false);
      };
      const cancel = this.#clock.after(comesAgain ? patienceMs : longPatienceMs, giveUp);
      this.#line.add(enter);
    });
  }

  /** Its place is the next one's. */
  #leave(): void {
    const [next] = this.#line;
    if (!next) {
      this.#under -= 1;
      return;
    }
    this.#line.delete(next);
    next();
  }

  #sendAway(): Arrival<never> {
    const nowMs = this.#clock.monotonic();
    const eachMs = (nowMs - this.#formedMs) / Math.max(1, this.#served);
    this.#bookedMs = returnAtMs(this.#bookedMs, nowMs, eachMs);
    return { kind: 'busy', retryAfterMs: Math.round(this.#bookedMs - nowMs) };
  }
}
