/**
 * The moves of an open job: recorded, given to a node, to another when the first refuses, is lost or is too slow, into
 * the waiting room when there is none, and to a failure when time is up. Every move is one verb of the store by compare;
 * what is remembered of a job is only what the store last answered.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { timeUp } from '../decide/job-timing.ts';
import type { Post, Posted } from '../fleet/post.ts';
import type { JobStatus, Metrics } from '../metrics.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { Retry } from '../retry.ts';
import type { HintOf } from '../store/hints.ts';
import { assignHint } from '../store/job-hints.ts';
import type {
  AcceptAnswer,
  Answer,
  JobState,
  JobStore,
  MoveAnswer,
  SendAnswer,
  Target,
} from '../store/store.ts';
import { CapacityCalls } from './capacity-calls.ts';
import type { DispatchLimits } from './dispatch-limits.ts';
import { createJobVerbs, type JobVerbs } from './job-verbs.ts';
import { nobody } from './open-job.ts';
import type { Placer } from './placer.ts';
import type { DeskSession, OpenJob } from './session.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface MoveDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly placer: Placer;
  readonly post: Post;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly limits: DispatchLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: JobEvents;
}

/** What the rest of the desk wants to know. */
export interface JobEvents {
  /** The job is recorded. Said before anything else of it, and once. */
  accepted(job: OpenJob): void;
  /** The store stayed away: whether the job is recorded is not known. */
  unrecorded(job: OpenJob): void;
  dispatched(job: OpenJob): void;
  /** The store says the job has its answer: it stands in the outbox. */
  finished(job: OpenJob): void;
  /** We ended it ourselves, with `seq` in the outbox; 0 when the store knows nothing of the job. */
  ended(job: OpenJob, seq: number, answer: Answer): void;
  /** The request was accepted before, as another job. */
  duplicate(job: OpenJob, first: { readonly jobId: string; readonly state: JobState }): void;
  /** The store does not think the session is ours: true when it could be made so again. */
  reassert(session: DeskSession): Promise<boolean>;
}

export class JobMoves {
  readonly waiting: WaitingRoom;
  readonly calls: CapacityCalls;
  readonly #deps: MoveDeps;
  readonly #verbs: JobVerbs;

  constructor(deps: MoveDeps) {
    this.#deps = deps;
    this.calls = new CapacityCalls(deps.clock);
    this.#verbs = createJobVerbs({
      ...deps,
      onFailed: (job) => {
        this.#arm(job, retryLaterMs);
      },
    });
    this.waiting = new WaitingRoom({
      clock: deps.clock,
      tryPlace: (job) => this.#tryPlace(job),
      askForCapacity: (job) => {
        this.#askForCapacity(job);
      },
    });
  }

  async record(job: OpenJob): Promise<void> {
    const { placer } = this.#deps;
    const target = placer.place(job);
    let answer: AcceptAnswer | undefined;
    job.moving = true;
    try {
      answer = await this.#verbs.accept(job, target);
      if (answer.kind === 'fenced' && (await this.#deps.events.reassert(job.session)))
        answer = await this.#verbs.accept(job, target);
    } finally {
      job.moving = false;
      if (target && (job.ended || !isNew(answer, job))) placer.abandoned(target);
    }
    if (isNew(answer, job)) this.#count('accepted');
    // Its node may have been faster than the store's word to us.
    if (job.ended) return;
    if (answer.kind === 'fenced') throw new AppError('conflict', 'the session is fenced and still ours');
    if (answer.kind === 'duplicate' && answer.jobId !== job.jobId) {
      this.#deps.events.duplicate(job, answer);
      return;
    }
    this.#observe(job, 'accepted');
    this.#deps.events.accepted(job);
    job.attempt = target ? 1 : 0;
    if (target) await this.#begin(job, target, answer.kind === 'accepted' ? answer.told : undefined);
    else this.wait(job);
  }

  /** @param told what became of the hint, when the store has sent it with the record */
  async #begin(job: OpenJob, target: Target, told: SendAnswer | undefined): Promise<void> {
    if (told === undefined) return this.assign(job, target);
    const { post, limits } = this.#deps;
    this.isAt(job, target);
    this.#arm(job, limits.jobTimeoutMs);
    post.told('assign', told);
    await this.#posted(job, target, told);
    const early = job.heardEarly;
    job.heardEarly = undefined;
    if (early) await this.heard(job, early);
  }

  /** What the node's instance says of an attempt that came to nothing. */
  async heard(job: OpenJob, hint: HintOf<'refused'> | HintOf<'requeued'>): Promise<void> {
    if (job.moving && job.attempt === 0) {
      job.heardEarly = hint;
      return;
    }
    if (job.ended || job.moving || job.attempt !== hint.attempt) return;
    if (job.target?.nodeId !== hint.node_id) return;
    if (hint.type === 'refused') return this.next(job, hint.node_id);
    const said = hint.failure === undefined ? undefined : (JSON.parse(hint.failure) as Answer);
    return this.#lost(job, hint.node_id, said);
  }

  /** The record says the attempt is `target`'s: tells its instance, and asks another if that one cannot be told. */
  async assign(job: OpenJob, target: Target, leftMs = this.#deps.limits.jobTimeoutMs): Promise<void> {
    const { post, instanceId, limits } = this.#deps;
    this.isAt(job, target);
    this.#arm(job, leftMs);
    const { jobId, attempt, assign, audio } = job;
    const ref = { jobId, sessionId: job.session.sessionId };
    const texts = audio === undefined ? undefined : { assign, audio };
    // What need not travel may be of any size.
    const inlineBytes = target.instanceId === instanceId ? Infinity : limits.inlineBytes;
    const hint = assignHint(ref, { attempt, target, from: instanceId }, texts, inlineBytes);
    return this.#posted(job, target, await post.send(target.instanceId, hint));
  }

  #posted(job: OpenJob, target: Target, posted: Posted): Promise<void> | void {
    const { events } = this.#deps;
    if (job.ended || job.target !== target) return;
    if (posted !== 'sent') return this.next(job, target.nodeId);
    this.#count('dispatched');
    this.#observe(job, 'dispatched');
    events.dispatched(job);
  }

  /** Where its record has the job, as far as we know; nowhere when it waits or is over. */
  isAt(job: OpenJob, target: Target | undefined): void {
    this.#deps.placer.moved(job.target, target);
    job.target = target;
  }

  wait(job: OpenJob): void {
    const { clock, limits } = this.#deps;
    this.isAt(job, undefined);
    job.waitUntilMs ??= clock.monotonic() + limits.pendingMs;
    this.#arm(job, job.waitUntilMs - clock.monotonic());
    this.waiting.enter(job);
  }

  #tryPlace(job: OpenJob): boolean {
    const target = this.#deps.placer.placeWaiting(job) ?? this.#placeAnew(job);
    if (!target) return false;
    this.calls.used(target.instanceId);
    this.background(job, this.#dispatch(job, target, job.owesFailover));
    return true;
  }

  /** Without the exclusions: a node that refused or failed before is better than none. */
  #placeAnew(job: OpenJob): Target | undefined {
    if (job.exclude.size === 0) return undefined;
    job.exclude = nobody;
    return this.#deps.placer.placeWaiting(job);
  }

  /** The attempt on `nodeId` came to nothing: another node, or the waiting room. */
  async next(job: OpenJob, nodeId: string): Promise<void> {
    exclude(job, nodeId);
    const target = this.#deps.placer.placeWaiting(job);
    if (target) await this.#dispatch(job, target, false);
    else await this.#requeue(job);
  }

  async #dispatch(job: OpenJob, target: Target, countsAsFailover: boolean): Promise<void> {
    const { placer } = this.#deps;
    const answer = await this.#verbs.dispatch(job, target, countsAsFailover).catch((error: unknown) => {
      placer.abandoned(target);
      throw error;
    });
    if (answer?.kind !== 'dispatched') {
      placer.abandoned(target);
      return answer && this.resync(job, answer);
    }
    if (countsAsFailover) job.failovers += 1;
    job.owesFailover = false;
    job.attempt = answer.attempt;
    await this.assign(job, target);
  }

  async #requeue(job: OpenJob): Promise<void> {
    const { clock, limits } = this.#deps;
    const leftMs = (job.waitUntilMs ?? clock.monotonic() + limits.pendingMs) - clock.monotonic();
    const answer = await this.#verbs.requeue(job, leftMs);
    if (answer?.kind === 'requeued') this.wait(job);
    else if (answer) await this.resync(job, answer);
  }

  /** The job is not where we thought: believes the store. */
  async resync(job: OpenJob, answer: MoveAnswer<never>): Promise<void> {
    const { events } = this.#deps;
    const record = answer.kind === 'stale' ? await this.#verbs.read(job) : null;
    if (job.ended) return;
    if (answer.kind === 'finished' || record?.state === 'finished') {
      events.finished(job);
    } else if (record) {
      job.failovers = record.failovers;
      job.attempt = record.attempt;
      if (record.target && record.state === 'dispatched') this.#follow(job, record.target);
      else this.wait(job);
    } else await this.#recordAgain(job);
  }

  /** The store has lost the job. It starts anew, unless its audio was only there. */
  async #recordAgain(job: OpenJob): Promise<void> {
    const { log } = this.#deps;
    if (job.audio === undefined) {
      log.warn({ jobId: job.jobId }, 'the store does not know this job any more, and nobody else does');
      this.#end(job, 0, failure(job, errorCodes.dependencyDown, 'The store lost the job; send it again'));
      return;
    }
    log.warn({ jobId: job.jobId }, 'the store does not know this job any more; recording it again');
    job.attempt = 0;
    await this.record(job);
  }

  /** Somebody else gave the attempt to a node; its time runs from now. */
  #follow(job: OpenJob, target: Target): void {
    this.isAt(job, target);
    this.waiting.leave(job);
    this.#arm(job, this.#deps.limits.jobTimeoutMs);
  }

  #arm(job: OpenJob, delayMs: number): void {
    job.cancelTimer();
    job.cancelTimer = this.#deps.clock.after(Math.max(0, delayMs), () => {
      if (!job.moving && !job.ended) this.background(job, this.#timeUp(job));
    });
  }

  async #timeUp(job: OpenJob): Promise<void> {
    const state = job.target ? 'dispatched' : 'pending';
    const verdict = timeUp({ state, failovers: job.failovers }, this.#deps.limits.failoverMaxAttempts);
    this.cancel(job, 'job_timeout');
    if (verdict === 'unplaceable') {
      this.#count('unavailable');
      await this.fail(job, errorCodes.nodeUnavailable, 'No available nodes');
    } else if (verdict === 'timed_out') {
      this.#count('timeout');
      await this.fail(job, errorCodes.jobTimeout, 'The job was not finished in time');
    } else {
      await this.#failOver(job);
    }
  }

  async #failOver(job: OpenJob): Promise<void> {
    if (job.target) exclude(job, job.target.nodeId);
    const target = this.#deps.placer.place(job) ?? this.#placeAnew(job);
    if (target) return this.#dispatch(job, target, true);
    job.owesFailover = true;
    job.waitUntilMs = undefined;
    await this.#requeue(job);
  }

  #end(job: OpenJob, seq: number, answer: Answer): void {
    this.#deps.events.ended(job, seq, answer);
  }

  #askForCapacity(job: OpenJob): void {
    const { placer, post, instanceId } = this.#deps;
    for (const to of placer.fullInstances(job)) {
      if (!this.calls.ask(to)) continue;
      void post.send(to, { type: 'interest', from: instanceId });
    }
  }

  /** Ends a job by our own decision: the first terminal answer wins. */
  fail(job: OpenJob, code: string, message: string): Promise<void> {
    return this.#finish(job, failure(job, code, message));
  }

  /** Its node is lost and the job pending again. @param failure what the node said, when it could not do the job */
  #lost(job: OpenJob, nodeId: string, failure: Answer | undefined): Promise<void> | void {
    const { limits, placer } = this.#deps;
    exclude(job, nodeId);
    job.waitUntilMs = undefined;
    if (failure && (job.failovers >= limits.failoverMaxAttempts || !placer.isPossible(job))) {
      this.isAt(job, undefined);
      return this.#finish(job, failure);
    }
    if (failure) job.owesFailover = true;
    this.wait(job);
    this.waiting.wake();
  }

  async #finish(job: OpenJob, answer: Answer): Promise<void> {
    const done = await this.#verbs.finish(job, answer);
    if (done?.kind === 'done') this.#end(job, done.seq, answer);
    else if (done?.kind === 'unknown') this.#end(job, 0, answer);
    else if (done) await this.resync(job, done);
  }

  /** Stops the attempt on its node, if it has one. */
  cancel(job: OpenJob, reason: string): void {
    if (!job.target || !this.#deps.limits.sendCancel) return;
    void this.#deps.post.send(job.target.instanceId, {
      type: 'cancel',
      job_id: job.jobId,
      session_id: job.session.sessionId,
      attempt: job.attempt,
      node_id: job.target.nodeId,
      reason,
    });
  }

  background(job: OpenJob, work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#deps.log.error({ err: error, jobId: job.jobId }, 'job could not be moved');
    });
  }

  #count(status: JobStatus): void {
    this.#deps.metrics.jobs.inc({ status });
  }

  #observe(job: OpenJob, stage: 'accepted' | 'dispatched'): void {
    if (job.beganMs === undefined) return;
    this.#deps.metrics.jobSeconds.observe({ stage }, (this.#deps.clock.monotonic() - job.beganMs) / 1000);
  }
}

/** Whether the answer says that this very job is recorded; a repeated accept may call it a duplicate of itself. */
const isNew = (answer: AcceptAnswer | undefined, job: OpenJob): boolean =>
  answer?.kind === 'accepted' || (answer?.kind === 'duplicate' && answer.jobId === job.jobId);

function exclude(job: OpenJob, nodeId: string): void {
  job.exclude = new Set([...job.exclude, nodeId]);
}

/** A job whose move failed for a reason that asking again does not mend is looked at again after this time. */
const retryLaterMs = 2000;

export const failure = (job: OpenJob, code: string, message: string): Answer => ({
  kind: 'failure',
  code,
  message,
  traceId: job.traceId,
});
