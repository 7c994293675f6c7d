/** A token bucket per key: so many at once, then one in so long. */
import type { Clock } from '../../common/clock.ts';

export interface BucketOptions {
  readonly burst: number;
  /** Time for one token to come back; milliseconds. */
  readonly refillMs: number;
  /** The key that was not asked for longest is forgotten beyond this, with its bucket. */
  readonly keysMax: number;
  readonly clock: Clock;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** Takes a token, or answers false when the key has none left. */
  take(key: string): boolean {
    const { tokens, at } = this.#filled(key);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    this.#forgetOldest();
    return tokens >= 1;
  }

  #filled(key: string): Bucket {
    const { burst, refillMs, clock } = this.#options;
    const now = clock.monotonic();
    const bucket = this.#buckets.get(key);
    if (!bucket) return { tokens: burst, at: now };
    return { tokens: Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs), at: now };
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= this.#options.keysMax) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
