/**
 * The slots of one node. The instance that holds the node's socket is their only authority: a slot is reserved before
 * anything is sent, in one synchronous step, so a node never runs more than its capacity.
 */

import type { Subject } from '../desk/answer-messages.ts';

/** A job on a node. */
export interface RunningJob {
  readonly jobId: string;
  readonly sessionId: string;
  readonly attempt: number;
  /** The instance that gave it, and hears how it goes. */
  owner: string;
  readonly sinceMs: number;
  /** JSON of the assignment; undefined while it is read from the record. */
  assign: string | undefined;
  /** Whom messages about it concern; undefined until it is read from the assignment. */
  subject: Subject | undefined;
}

export type Reservation =
  | { readonly kind: 'reserved'; readonly replaced: RunningJob | undefined }
  | { readonly kind: 'full' }
  /** This attempt, or a later one, has its slot already. */
  | { readonly kind: 'known' };

export class Slots {
  readonly capacity: number;
  readonly #jobs = new Map<string, RunningJob>();
  /** Jobs that another instance gave it before it came here and that it still runs, by its own count. */
  #carried = 0;
  readonly #carriedUntilMs: number;
  #hasAssigned = false;

  /** @param carriedUntilMs no job that it brought along can run longer than until then */
  constructor(capacity: number, carriedUntilMs: number) {
    this.capacity = capacity;
    this.#carriedUntilMs = carriedUntilMs;
  }

  /** Slots that are taken. */
  get running(): number {
    return this.#jobs.size + this.#carried;
  }

  get free(): number {
    return this.capacity - this.running;
  }

  /** Jobs that are known here by name. */
  get known(): number {
    return this.#jobs.size;
  }

  jobs(): RunningJob[] {
    return [...this.#jobs.values()];
  }

  /** A later attempt of a job that is here already takes over its slot. */
  reserve(job: RunningJob): Reservation {
    const present = this.#jobs.get(job.jobId);
    if (present && present.attempt >= job.attempt) return { kind: 'known' };
    if (!present && this.free <= 0) return { kind: 'full' };
    this.#hasAssigned = true;
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

  /**
   * How many jobs the node says it runs. Until it got one from us, what we do not know of was given to it elsewhere, and
   * takes slots; afterwards its count may be older than what we sent, and can only show that there are fewer of these.
   *
   * @returns whether slots became free by it
   */
  counted(byNode: number, nowMs: number): boolean {
    const before = this.#carried;
    if (nowMs >= this.#carriedUntilMs) this.#carried = 0;
    else if (this.#hasAssigned) this.#carried = Math.min(before, byNode);
    else this.#carried = Math.max(0, byNode - this.#jobs.size);
    return this.#carried < before;
  }

  /** A job that it brought along has ended; false when it brought none. */
  carriedEnded(): boolean {
    if (this.#carried === 0) return false;
    this.#carried -= 1;
    return true;
  }
}
