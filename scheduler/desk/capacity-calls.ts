/**
 * The calls we ask other instances for: "say when a slot of yours frees". An instance is asked again at once only when
 * its call was of use; otherwise two that disagree about a node would talk for ever.
 */
import type { Clock } from '../../common/clock.ts';

/** A call that did not come within this time is asked for again. */
const askAgainMs = 500;

export class CapacityCalls {
  readonly #clock: Clock;
  /** Instances that were asked, and until when we rely on it. */
  readonly #asked = new Map<string, number>();
  readonly #called = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether to ask the instance now; the answer counts as asked. */
  ask(instanceId: string): boolean {
    const nowMs = this.#clock.monotonic();
    if ((this.#asked.get(instanceId) ?? 0) > nowMs) return false;
    this.#asked.set(instanceId, nowMs + askAgainMs);
    return true;
  }

  called(instanceId: string): void {
    this.#called.add(instanceId);
  }

  /** A job was sent there: if it had called, the call was of use. */
  used(instanceId: string): void {
    if (this.#called.delete(instanceId)) this.#asked.delete(instanceId);
  }

  forget(instanceId: string): void {
    this.#asked.delete(instanceId);
    this.#called.delete(instanceId);
  }
}
