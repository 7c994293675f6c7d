/** Attempts that ended here of late: a hint that comes twice does not start one again, nor does a result count twice. */

/** At least so many are remembered, and at most twice as many. */
const rememberedMin = 4096;

/** Two generations: to forget the oldest one by one, a set must search past all the gaps it has made. */
export class EndedAttempts {
  #young = new Set<string>();
  #old = new Set<string>();

  has(jobId: string, attempt: number): boolean {
    const ended = key(jobId, attempt);
    return this.#young.has(ended) || this.#old.has(ended);
  }

  add(jobId: string, attempt: number): void {
    this.#young.add(key(jobId, attempt));
    if (this.#young.size < rememberedMin) return;
    this.#old = this.#young;
    this.#young = new Set();
  }

  forget(jobId: string, attempt: number): void {
    const ended = key(jobId, attempt);
    this.#young.delete(ended);
    this.#old.delete(ended);
  }
}

const key = (jobId: string, attempt: number): string => `${jobId}/${String(attempt)}`;
