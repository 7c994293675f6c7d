/**
 * The slots of one node. The instance that holds the node's socket is their only authority: a slot is reserved before
 * anything is sent, in one synchronous step, so a node never runs more than its capacity.
 */

/** A job on a node. */
export interface RunningJob {
  readonly jobId: string;
  readonly sessionId: string;
  readonly attempt: number;
  /** The instance that gave it, and hears how it goes. */
  readonly owner: string;
  readonly sinceMs: number;
  /** JSON of the assignment; undefined while it is read from the record. */
  assign: string | undefined;
}

export type Reservation =
  | { readonly kind: 'reserved'; readonly replaced: RunningJob | undefined }
  | { readonly kind: 'full' }
  /** This attempt, or a later one, has its slot already. */
  | { readonly kind: 'known' };

export class Slots {
  readonly capacity: number;
  readonly #jobs = new Map<string, RunningJob>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get running(): number {
    return this.#jobs.size;
  }

  get free(): number {
    return this.capacity - this.#jobs.size;
  }

  jobs(): RunningJob[] {
    return [...this.#jobs.values()];
  }

  /** A later attempt of a job that is here already takes over its slot. */
  reserve(job: RunningJob): Reservation {
    const present = this.#jobs.get(job.jobId);
    if (present && present.attempt >= job.attempt) return { kind: 'known' };
    if (!present && this.free <= 0) return { kind: 'full' };
    this.#jobs.set(job.jobId, job);
    return { kind: 'reserved', replaced: present };
  }

  /** A job that was on the node before it came back: it keeps its slot, even if there are fewer now. */
  adopt(job: RunningJob): void {
    this.#jobs.set(job.jobId, job);
  }

  find(jobId: string, attempt?: number): RunningJob | undefined {
    const job = this.#jobs.get(jobId);
    return attempt === undefined || job?.attempt === attempt ? job : undefined;
  }

  /** Returns the job whose slot is free now; undefined when that attempt had none. */
  release(jobId: string, attempt: number): RunningJob | undefined {
    const job = this.find(jobId, attempt);
    if (job) this.#jobs.delete(jobId);
    return job;
  }
}
