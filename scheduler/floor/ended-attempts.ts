/** Attempts that ended here of late: a hint that comes twice does not start one again, nor does a result count twice. */

const rememberedMax = 4096;

export class EndedAttempts {
  readonly #keys = new Set<string>();

  has(jobId: string, attempt: number): boolean {
    return this.#keys.has(key(jobId, attempt));
  }

  add(jobId: string, attempt: number): void {
    this.#keys.add(key(jobId, attempt));
    if (this.#keys.size <= rememberedMax) return;
    const [oldest] = this.#keys;
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  forget(jobId: string, attempt: number): void {
    this.#keys.delete(key(jobId, attempt));
  }
}

const key = (jobId: string, attempt: number): string => `${jobId}/${String(attempt)}`;
