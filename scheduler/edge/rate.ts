/**
 * A token bucket in one number: the moment at which all that was taken is paid for. Deterministic: time is a parameter,
 * in milliseconds of one monotonic clock.
 */
export interface RateLimit {
  /** In the long run; 0 is no limit. */
  readonly perSecond: number;
  /** At once, after a pause. */
  readonly burst: number;
}

export class Rate {
  #paidAtMs = 0;

  /** Takes one. Returns how long to wait first, when there is none; then nothing was taken. */
  take({ perSecond, burst }: RateLimit, nowMs: number): number {
    if (perSecond === 0) return 0;
    const eachMs = 1000 / perSecond;
    const paidAtMs = Math.max(this.#paidAtMs, nowMs) + eachMs;
    const waitMs = paidAtMs - nowMs - burst * eachMs;
    // Sums of fractions: without the margin one of a full bucket would be refused now and then.
    if (waitMs > 1e-6) return waitMs;
    this.#paidAtMs = paidAtMs;
    return 0;
  }
}
