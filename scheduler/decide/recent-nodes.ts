/**
 * The node that each session used last, for a while: with `spread_enabled` its next job goes to another one if any can
 * take it. Time is a parameter, in milliseconds of one monotonic clock.
 */
export class RecentNodes {
  readonly #windowMs: number;
  /** The longest ago first. */
  readonly #last = new Map<string, { readonly nodeId: string; readonly atMs: number }>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get size(): number {
    return this.#last.size;
  }

  of(sessionId: string, nowMs: number): string | undefined {
    const last = this.#last.get(sessionId);
    return last && nowMs - last.atMs < this.#windowMs ? last.nodeId : undefined;
  }

  used(sessionId: string, nodeId: string, nowMs: number): void {
    this.#last.delete(sessionId);
    this.#last.set(sessionId, { nodeId, atMs: nowMs });
    for (const [longest, { atMs }] of this.#last) {
      if (nowMs - atMs < this.#windowMs) return;
      this.#last.delete(longest);
    }
  }
}
