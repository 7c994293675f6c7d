/** Attempts that ended here of late: a hint that comes twice does not start one again, nor does a result count twice. */

/** At least so many jobs are remembered, and at most twice as many. */
const rememberedMin = 4096;

/** Two generations: to forget the oldest one by one, a map must search past all the gaps it has made. */
export class EndedAttempts {
  /** The last attempt that ended of each job; those before it are over too. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  has(jobId: string, attempt: number): boolean {
    return attempt <= (this.#young.get(jobId) ?? this.#old.get(jobId) ?? -1);
  }

  add(jobId: string, attempt: number): void {
    this.#young.set(jobId, attempt);
    if (this.#young.size < rememberedMin) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** The job may begin again under the numbers it had. */
  forget(jobId: string): void {
    this.#young.delete(jobId);
    this.#old.delete(jobId);
  }
}
