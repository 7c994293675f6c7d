/**
 * How an attempt ends in the store: with its answer, or pending again for another node. Its owner is told either way;
 * what is told may be lost, because the record says the same.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Post } from '../fleet/post.ts';
import { resultsHint } from '../store/job-hints.ts';
import type { Metrics } from '../metrics.ts';
import { retrying, type Retry } from '../retry.ts';
import type { Answer, JobRecord, JobStore } from '../store/store.ts';
import type { RunningJob } from './slots.ts';

export interface OutcomeLimits {
  readonly pendingMs: number;
  readonly keepMs: number;
  readonly inlineBytes: number;
  /** How long a result is held on to while the store is away. */
  readonly finishForMs: number;
}

export interface OutcomeDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly post: Post;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly limits: OutcomeLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What is needed of a job to end it. */
export type EndingJob = Pick<RunningJob, 'jobId' | 'sessionId' | 'attempt'> &
  Partial<Pick<RunningJob, 'owner'>>;

/** How long an owner is tried to be told something that its own timers would find out later. */
export const tellForMs = 5000;

export class Outcomes {
  readonly #deps: OutcomeDeps;
  #inProgress = 0;

  constructor(deps: OutcomeDeps) {
    this.#deps = deps;
  }

  /** Outcomes on their way into the store, and records that are read for some. */
  get inProgress(): number {
    return this.#inProgress;
  }

  /** @param onUnknown the store lost the job; its owner will give it out under the same number once more */
  finish(job: EndingJob, utteranceIndex: number, answer: Answer, onUnknown: () => void): void {
    void this.#track(this.#finish(job, utteranceIndex, answer, onUnknown), job);
  }

  /** Pending again. `failure` is what the node answered, when another node may do better. */
  giveBack(job: RunningJob, nodeId: string, failure?: Answer): Promise<void> {
    return this.#track(this.#requeue(job, nodeId, failure), job);
  }

  /** What the record says of the job; undefined when the store does not say it in time. */
  async record({ sessionId, jobId }: EndingJob): Promise<JobRecord | undefined> {
    const { jobs, retry, limits } = this.#deps;
    this.#inProgress += 1;
    try {
      return await retrying(() => jobs.get({ sessionId, jobId }), retry, limits.finishForMs);
    } catch {
      return undefined;
    } finally {
      this.#inProgress -= 1;
    }
  }

  async #finish(
    job: EndingJob,
    utteranceIndex: number,
    answer: Answer,
    onUnknown: () => void,
  ): Promise<void> {
    const { jobs, retry, limits, metrics, post, clock, instanceId } = this.#deps;
    const { sessionId, jobId, attempt, owner } = job;
    const beganMs = clock.monotonic();
    const move = { sessionId, jobId, attempt, answer, keepMs: limits.keepMs };
    const { inlineBytes } = limits;
    const tell = owner === undefined || owner === instanceId ? undefined : { owner, inlineBytes };
    const done = await retrying(() => jobs.finish(move, tell), retry, limits.finishForMs);
    if (done.kind !== 'done') {
      metrics.staleResults.inc({ why: done.kind });
      if (done.kind === 'unknown') onUnknown();
      return;
    }
    metrics.nodeSeconds.observe({ stage: 'recorded' }, (clock.monotonic() - beganMs) / 1000);
    if (done.owner === undefined) return;
    if (done.told) post.told('results', done.told);
    if (done.told === 'sent') return;
    const entry = { seq: done.seq, jobId, utteranceIndex, answer };
    const hint = resultsHint(sessionId, entry, inlineBytes);
    await post.sendPatiently(done.owner, hint, limits.finishForMs);
  }

  async #requeue(job: RunningJob, nodeId: string, failure: Answer | undefined): Promise<void> {
    const { jobs, retry, limits, post } = this.#deps;
    const { sessionId, jobId, attempt, owner } = job;
    const move = { sessionId, jobId, attempt, deadlineMs: limits.pendingMs };
    const answer = await retrying(() => jobs.requeue(move), retry, limits.finishForMs);
    if (answer.kind !== 'requeued') return;
    const about = { job_id: jobId, session_id: sessionId, attempt, node_id: nodeId };
    const why = failure ? { failure: JSON.stringify(failure) } : {};
    await post.sendPatiently(owner, { type: 'requeued', ...about, ...why }, tellForMs);
  }

  async #track(work: Promise<void>, { jobId }: EndingJob): Promise<void> {
    this.#inProgress += 1;
    try {
      await work;
    } catch (error) {
      this.#deps.log.error({ err: error, jobId }, 'outcome of a job could not be recorded');
    }
    this.#inProgress -= 1;
  }
}
