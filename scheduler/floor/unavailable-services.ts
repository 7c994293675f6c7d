/**
 * Services of one node that it said are not available although it reported them ready: not offered again for a while.
 * A node that says so about everything all the time is limited, so that it cannot talk itself out of the fleet.
 */

export interface UnavailableLimits {
  readonly ttlMs: number;
  readonly windowMs: number;
  readonly maxPerWindow: number;
}

export class UnavailableServices {
  readonly #limits: UnavailableLimits;
  readonly #until = new Map<string, number>();
  #windowEndMs = 0;
  #inWindow = 0;

  constructor(limits: UnavailableLimits) {
    this.#limits = limits;
  }

  /** Whether the report was believed; it is not when there were too many of late. */
  report(serviceId: string, nowMs: number): boolean {
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + this.#limits.windowMs;
      this.#inWindow = 0;
    }
    this.#inWindow += 1;
    if (this.#inWindow > this.#limits.maxPerWindow) return false;
    this.#until.set(serviceId, nowMs + this.#limits.ttlMs);
    return true;
  }

  /** Those of `services` that may be offered. */
  available(services: readonly string[], nowMs: number): readonly string[] {
    for (const [id, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(id);
    return this.#until.size === 0 ? services : services.filter((id) => !this.#until.has(id));
  }
}
