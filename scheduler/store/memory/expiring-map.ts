/**
 * A map whose entries end, as keys of Redis do. It stands in the order in which entries were last written, so those that
 * nobody renews come to its beginning, where each new one drops what has ended.
 */
import type { Clock } from '../../../common/clock.ts';

export class ExpiringMap<Value> {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { value: Value; endsAt: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What it holds, with what has ended and was not dropped yet. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (this.#clock.monotonic() < entry.endsAt) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: Value, ttlMs = Infinity): void {
    const nowMs = this.#clock.monotonic();
    this.#entries.delete(key);
    this.#entries.set(key, { value, endsAt: nowMs + ttlMs });
    this.#dropFirst(nowMs);
  }

  /** Milliseconds until the entry ends; 0 when there is none. */
  remainingMs(key: string): number {
    const value = this.get(key);
    return value === undefined ? 0 : (this.#entries.get(key)?.endsAt ?? 0) - this.#clock.monotonic();
  }

  /** Gives the entry a new end; false when there is none. */
  extend(key: string, ttlMs: number): boolean {
    const value = this.get(key);
    if (value === undefined) return false;
    this.set(key, value, ttlMs);
    return true;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  /** The entries that have not ended; drops the others. */
  live(): [string, Value][] {
    const nowMs = this.#clock.monotonic();
    const live: [string, Value][] = [];
    for (const [key, { value, endsAt }] of this.#entries) {
      if (nowMs < endsAt) live.push([key, value]);
      else this.#entries.delete(key);
    }
    return live;
  }

  /** Those at the beginning that have ended. */
  #dropFirst(nowMs: number): void {
    for (const [key, { endsAt }] of this.#entries) {
      if (nowMs < endsAt) return;
      this.#entries.delete(key);
    }
  }
}
