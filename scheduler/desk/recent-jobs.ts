/** As many as a session is answered between two writes of Redis to its disk, and more. */
const rememberedMax = 64;

/** The last jobs of a session. A ring and not a set: every job is put in, and hardly any is ever looked for. */
export class RecentJobs {
  readonly #ids: string[] = [];
  #oldest = 0;

  add(jobId: string): void {
    if (this.#ids.length < rememberedMax) {
      this.#ids.push(jobId);
      return;
    }
    this.#ids[this.#oldest] = jobId;
    this.#oldest = (this.#oldest + 1) % rememberedMax;
  }

  has(jobId: string): boolean {
    return this.#ids.includes(jobId);
  }
}
