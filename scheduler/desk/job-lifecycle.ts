/**
 * What the life of a job means for its session: what the session is told when, and where the job is counted. The
 * dispatcher moves jobs and reports here; the delivery brings answers and reports here too.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import { retrying, type Retry } from '../retry.ts';
import type { Answer, JobState, JobStore, OpenJobRecord } from '../store/store.ts';
import type { CoreServices } from './assignment.ts';
import { Delivery, type DeliveryDeps } from './delivery.ts';
import { Dispatcher, type DispatcherDeps } from './dispatcher.ts';
import { failure, type JobEvents } from './job-moves.ts';
import { tellAccepted, tellDispatched, tellRefused } from './notices.ts';
import { jobFromRecord } from './open-job.ts';
import type { DeskSession, OpenJob } from './session.ts';

export interface LifecycleDeps
  extends Omit<DispatcherDeps, 'events' | 'limits'>, Omit<DeliveryDeps, 'answered' | 'limits'> {
  readonly limits: DispatcherDeps['limits'] & DeliveryDeps['limits'];
  readonly jobs: JobStore;
  readonly core: CoreServices;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The store does not think the session is ours: true when it could be made so again. */
  readonly reassert: (session: DeskSession) => Promise<boolean>;
  readonly renumbered: (session: DeskSession) => Promise<void>;
}

/** When an utterance that could not be recorded may be sent again: the store was away for longer than that already. */
const storeRetryAfterMs = 1000;

/** Jobs of one session whose late answers are watched for; more come only while the store is away for long. */
const disownedMax = 1000;

export class JobLifecycle implements JobEvents {
  readonly dispatcher: Dispatcher;
  readonly delivery: Delivery;
  readonly #deps: LifecycleDeps;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
    this.dispatcher = new Dispatcher({ ...deps, events: this });
    this.delivery = new Delivery({
      ...deps,
      answered: (job, answer) => {
        this.accepted(job);
        // A result can be here before the store's word that the job was given to a node.
        if (answer.kind === 'result') this.dispatched(job);
        this.forget(job);
      },
    });
  }

  /** A job of an earlier ownership goes on here. @param before its state there, when that was in this process */
  adopt(session: DeskSession, record: OpenJobRecord, before?: OpenJob): void {
    const job = jobFromRecord(session, record, this.#deps.core, before);
    session.jobs.set(job.jobId, job);
    session.order.restored(job.index);
    session.nextIndex = Math.max(session.nextIndex + 1, job.index + 1);
    job.accepted = true;
    tellAccepted(job, job.jobId, true);
    this.dispatcher.adopt(job, record);
  }

  /** Nothing more is done for the job here. */
  forget(job: OpenJob): void {
    this.dispatcher.forget(job);
    job.session.jobs.delete(job.jobId);
  }

  /** Work on a session whose failure is nobody else's to hear. */
  background(work: Promise<void> | void): void {
    work?.catch((error: unknown) => {
      this.#deps.log.error({ err: error }, 'answers could not be delivered');
    });
  }

  // ------------------------------------------------- what the dispatcher reports

  accepted(job: OpenJob): void {
    if (job.accepted) return;
    job.accepted = true;
    tellAccepted(job, job.jobId, false);
  }

  /**
   * Nobody knows whether the job is recorded. A client that can resume is told to send it again under its `request_id`,
   * and if it was recorded after all, its answer comes. A client of the original cannot, so for it the index is over.
   */
  unrecorded(job: OpenJob): void {
    const { session, jobId, index, traceId, requestId } = job;
    const why = { code: errorCodes.dependencyDown, message: 'The store cannot be reached; try again' };
    if (session.resumable) {
      this.forget(job);
      session.order.withdrawn(index);
      const about = { jobId: '', index, traceId, requestId };
      tellRefused(session, about, { ...why, retryAfterMs: storeRetryAfterMs });
      return;
    }
    session.disowned ??= new Map();
    if (session.disowned.size < disownedMax) session.disowned.set(jobId, undefined);
    this.delivery.answerUnrecorded(job, failure(job, why.code, why.message));
  }

  dispatched(job: OpenJob): void {
    const { beganMs } = job;
    tellDispatched(job, beganMs === undefined ? undefined : this.#deps.clock.monotonic() - beganMs);
  }

  finished(job: OpenJob): void {
    const lost = failure(job, errorCodes.internal, 'The answer was lost');
    this.background(this.delivery.finished(job, lost));
  }

  ended(job: OpenJob, seq: number, answer: Answer): void {
    if (seq === 0) {
      this.delivery.answerUnrecorded(job, answer);
      return;
    }
    const entry = { seq, jobId: job.jobId, utteranceIndex: job.index, answer };
    this.background(this.delivery.results(job.session, seq, [entry]));
  }

  /** The first job's answer has come, or will come, or waits for us to look. */
  duplicate(job: OpenJob, first: { readonly jobId: string; readonly state: JobState }): void {
    const { session } = job;
    this.forget(job);
    session.order.withdrawn(job.index);
    tellAccepted(job, first.jobId, true);
    this.delivery.reveal(session, first.jobId);
    if (first.state !== 'finished' && !session.jobs.has(first.jobId))
      this.background(this.#adoptByRecord(session, first.jobId, job.requestId));
  }

  reassert(session: DeskSession): Promise<boolean> {
    return this.#deps.reassert(session);
  }

  async #adoptByRecord(session: DeskSession, jobId: string, requestId: string | undefined): Promise<void> {
    const { jobs, retry, limits } = this.#deps;
    const record = await retrying(() => jobs.get({ sessionId: session.sessionId, jobId }), retry);
    if (!record || record.state === 'finished' || session.closed || session.jobs.has(jobId)) return;
    const deadlineInMs = record.state === 'pending' ? limits.pendingMs : limits.jobTimeoutMs;
    this.adopt(session, { ...record, requestId, deadlineInMs });
  }
}
