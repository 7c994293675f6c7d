/**
 * Moves the open jobs of this instance's sessions: to a node, to another when the first refuses, is lost or is too slow,
 * into the waiting room when there is none, and to a failure when time is up. Every move is one verb of the store by
 * compare; what this file remembers of a job is only what the store last answered.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { timeUp } from '../decide/job-timing.ts';
import type { Post } from '../fleet/post.ts';
import type { JobStatus, Metrics } from '../metrics.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { Retry } from '../retry.ts';
import type { HintOf } from '../store/hints.ts';
import type { AcceptAnswer, Answer, JobStore, MoveAnswer, Target } from '../store/store.ts';
import { CapacityCalls } from './capacity-calls.ts';
import { createJobVerbs, type JobVerbs } from './job-verbs.ts';
import type { Placer } from './placer.ts';
import type { DeskSession, OpenJob } from './session.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface DispatchLimits {
  readonly pendingMs: number;
  readonly jobTimeoutMs: number;
  readonly failoverMaxAttempts: number;
  /** How long idempotency keys and finished records are remembered. */
  readonly keepMs: number;
  /** Audio up to this many bytes travels in the hint. */
  readonly inlineBytes: number;
  readonly sendCancel: boolean;
}

export interface DispatcherDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly placer: Placer;
  readonly post: Post;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly limits: DispatchLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events: DispatcherEvents;
}

/** What the rest of the desk wants to know. */
export interface DispatcherEvents {
  dispatched(job: OpenJob): void;
  /** The store says the job has its answer: it stands in the outbox. */
  finished(job: OpenJob): void;
  /** We ended it ourselves, with `seq` in the outbox; 0 when the store knows nothing of the job. */
  ended(job: OpenJob, seq: number, answer: Answer): void;
  /** The request was accepted before, as another job. */
  duplicate(job: OpenJob): void;
  /** The store does not think the session is ours: true when it could be made so again. */
  reassert(session: DeskSession): Promise<boolean>;
}

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #jobs = new Map<string, OpenJob>();
  readonly #waiting: WaitingRoom;
  readonly #verbs: JobVerbs;
  readonly #calls: CapacityCalls;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#calls = new CapacityCalls(deps.clock);
    this.#verbs = createJobVerbs({
      ...deps,
      onFailed: (job) => {
        this.#arm(job, retryLaterMs);
      },
    });
    this.#waiting = new WaitingRoom({
      clock: deps.clock,
      tryPlace: (job) => this.#tryPlace(job),
      askForCapacity: (job) => {
        this.#askForCapacity(job);
      },
    });
  }

  get counts(): { waiting: number; running: number } {
    return { waiting: this.#waiting.size, running: this.#jobs.size - this.#waiting.size };
  }

  job(jobId: string): OpenJob | undefined {
    return this.#jobs.get(jobId);
  }

  /** Records a new job and sends it on its way. Resolves when it is accepted or has failed. */
  async submit(job: OpenJob): Promise<void> {
    this.#jobs.set(job.jobId, job);
    try {
      await this.#record(job);
    } catch (error) {
      this.#deps.log.error({ err: error, jobId: job.jobId }, 'job could not be recorded');
      this.#count('refused');
      this.#end(job, 0, failure(job, errorCodes.dependencyDown, 'The store cannot be reached; try again'));
    }
  }

  /** The job has its answer, or its session is gone: nothing more is done for it. */
  forget(job: OpenJob): void {
    if (job.target) this.#deps.placer.ended(job.target);
    job.ended = true;
    job.cancelTimer();
    this.#waiting.leave(job);
    this.#jobs.delete(job.jobId);
  }

  /** Ends a job by our own decision: the first terminal answer wins. */
  async fail(job: OpenJob, code: string, message: string): Promise<void> {
    const answer = failure(job, code, message);
    const done = await this.#verbs.finish(job, answer);
    if (done?.kind === 'done') this.#end(job, done.seq, answer);
    else if (done?.kind === 'unknown') this.#end(job, 0, answer);
    else if (done) await this.#resync(job, done);
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

  async refused(hint: HintOf<'refused'>): Promise<void> {
    this.#deps.metrics.refusals.inc({ reason: hint.reason });
    const job = this.#jobs.get(hint.job_id);
    if (!job) return this.#refusedForOther(hint);
    if (job.moving || job.attempt !== hint.attempt || job.target?.nodeId !== hint.node_id) return;
    await this.#next(job, hint.node_id);
  }

  requeued(hint: HintOf<'requeued'>): void {
    const job = this.#jobs.get(hint.job_id);
    if (!job || job.moving || job.attempt !== hint.attempt || !job.target) return;
    job.exclude.add(hint.node_id);
    job.waitUntilMs = undefined;
    this.#wait(job);
    this.#waiting.wake();
  }

  /** The call we asked an instance for: a slot is free there. */
  capacity(instanceId: string): void {
    this.#calls.called(instanceId);
    this.#waiting.wake();
  }

  /** The view of the nodes has changed. */
  wake(): void {
    this.#waiting.wake();
  }

  /** An instance died with whatever its nodes were doing. */
  instanceGone(instanceId: string): void {
    this.#calls.forget(instanceId);
    for (const job of this.#jobs.values()) {
      if (job.target?.instanceId !== instanceId || job.moving) continue;
      this.#background(job, this.#next(job, job.target.nodeId));
    }
  }

  /** Hints may have been missed: asks the store where every job is that we believe to be on a node. */
  recheck(): void {
    for (const job of this.#jobs.values()) {
      if (job.target && !job.moving)
        this.#background(job, this.#resync(job, { kind: 'stale', attempt: job.attempt }));
    }
  }

  async #record(job: OpenJob): Promise<void> {
    const target = this.#deps.placer.place(job);
    let answer = await this.#verbs.accept(job, target);
    if (answer.kind === 'fenced' && (await this.#deps.events.reassert(job.session))) {
      answer = await this.#verbs.accept(job, target);
    }
    if (target && (job.ended || !isNew(answer, job))) this.#deps.placer.abandoned(target);
    if (job.ended) return;
    if (answer.kind === 'fenced') {
      this.#end(job, 0, failure(job, errorCodes.invalidSession, 'The session belongs to another instance'));
    } else if (!isNew(answer, job)) {
      this.forget(job);
      this.#deps.events.duplicate(job);
    } else {
      this.#count('accepted');
      this.#observe(job, 'accepted');
      await this.#goTo(job, target, target ? 1 : 0);
    }
  }

  #goTo(job: OpenJob, target: Target | undefined, attempt: number): Promise<void> | void {
    job.attempt = attempt;
    if (target) return this.#assign(job, target);
    this.#wait(job);
  }

  /** The record says the attempt is `target`'s: tells its instance, and asks another if that one cannot be told. */
  async #assign(job: OpenJob, target: Target): Promise<void> {
    const { post, limits, events, instanceId } = this.#deps;
    job.target = target;
    this.#arm(job, limits.jobTimeoutMs);
    const inline =
      job.audio.length + job.assign.length <= limits.inlineBytes || target.instanceId === instanceId;
    const posted = await post.send(target.instanceId, {
      type: 'assign',
      job_id: job.jobId,
      session_id: job.session.sessionId,
      attempt: job.attempt,
      node_id: target.nodeId,
      from: instanceId,
      ...(inline ? { assign: job.assign, audio: job.audio } : {}),
    });
    if (job.ended || job.target !== target) return;
    if (posted !== 'sent') return this.#next(job, target.nodeId);
    this.#count('dispatched');
    this.#observe(job, 'dispatched');
    events.dispatched(job);
  }

  #wait(job: OpenJob): void {
    const { clock, limits } = this.#deps;
    job.target = undefined;
    job.waitUntilMs ??= clock.monotonic() + limits.pendingMs;
    this.#arm(job, job.waitUntilMs - clock.monotonic());
    this.#waiting.enter(job);
  }

  #tryPlace(job: OpenJob): boolean {
    const target = this.#deps.placer.placeWaiting(job) ?? this.#placeAnew(job);
    if (!target) return false;
    this.#calls.used(target.instanceId);
    this.#background(job, this.#dispatch(job, target, job.owesFailover));
    return true;
  }

  /** Without the exclusions: a node that refused or failed before is better than none. */
  #placeAnew(job: OpenJob): Target | undefined {
    if (job.exclude.size === 0) return undefined;
    job.exclude.clear();
    return this.#deps.placer.placeWaiting(job);
  }

  /** The attempt on `nodeId` came to nothing: another node, or the waiting room. */
  async #next(job: OpenJob, nodeId: string): Promise<void> {
    job.exclude.add(nodeId);
    const target = this.#deps.placer.placeWaiting(job);
    if (target) await this.#dispatch(job, target, false);
    else await this.#requeue(job);
  }

  async #dispatch(job: OpenJob, target: Target, countsAsFailover: boolean): Promise<void> {
    const answer = await this.#verbs.dispatch(job, target, countsAsFailover);
    if (answer?.kind !== 'dispatched') {
      this.#deps.placer.abandoned(target);
      return answer && this.#resync(job, answer);
    }
    if (countsAsFailover) job.failovers += 1;
    job.owesFailover = false;
    await this.#goTo(job, target, answer.attempt);
  }

  async #requeue(job: OpenJob): Promise<void> {
    const { clock, limits } = this.#deps;
    const leftMs = (job.waitUntilMs ?? clock.monotonic() + limits.pendingMs) - clock.monotonic();
    const answer = await this.#verbs.requeue(job, leftMs);
    if (answer?.kind === 'requeued') this.#wait(job);
    else if (answer) await this.#resync(job, answer);
  }

  /** The job is not where we thought: believes the store. */
  async #resync(job: OpenJob, answer: MoveAnswer<never>): Promise<void> {
    const { events } = this.#deps;
    const record = answer.kind === 'stale' ? await this.#verbs.read(job) : null;
    if (job.ended) return;
    if (answer.kind === 'finished' || record?.state === 'finished') {
      events.finished(job);
    } else if (record) {
      job.failovers = record.failovers;
      job.attempt = record.attempt;
      if (record.target && record.state === 'dispatched') this.#follow(job, record.target);
      else this.#wait(job);
    } else {
      this.#deps.log.warn(
        { jobId: job.jobId },
        'the store does not know this job any more; recording it again',
      );
      await this.#record(job);
    }
  }

  /** Somebody else gave the attempt to a node; its time runs from now. */
  #follow(job: OpenJob, target: Target): void {
    job.target = target;
    this.#waiting.leave(job);
    this.#arm(job, this.#deps.limits.jobTimeoutMs);
  }

  #arm(job: OpenJob, delayMs: number): void {
    job.cancelTimer();
    job.cancelTimer = this.#deps.clock.after(Math.max(0, delayMs), () => {
      if (!job.moving && !job.ended) this.#background(job, this.#timeUp(job));
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
    if (job.target) job.exclude.add(job.target.nodeId);
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
      if (!this.#calls.ask(to)) continue;
      void post.send(to, { type: 'interest', from: instanceId });
    }
  }

  /** A job that the sweep gave to a node for an owner that died: pending again, and the sweep goes on with it. */
  async #refusedForOther(hint: HintOf<'refused'>): Promise<void> {
    const { jobs, limits } = this.#deps;
    const ref = { sessionId: hint.session_id, jobId: hint.job_id, attempt: hint.attempt };
    await jobs.requeue({ ...ref, deadlineMs: limits.pendingMs });
  }

  #background(job: OpenJob, work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#deps.log.error({ err: error, jobId: job.jobId }, 'job could not be moved');
    });
  }

  #count(status: JobStatus): void {
    this.#deps.metrics.jobs.inc({ status });
  }

  #observe(job: OpenJob, stage: 'accepted' | 'dispatched'): void {
    this.#deps.metrics.jobSeconds.observe({ stage }, (this.#deps.clock.monotonic() - job.beganMs) / 1000);
  }
}

/** Whether the answer says that this very job is recorded; a repeated accept may call it a duplicate of itself. */
const isNew = (answer: AcceptAnswer, job: OpenJob): boolean =>
  answer.kind === 'accepted' || (answer.kind === 'duplicate' && answer.jobId === job.jobId);

/** A job whose move failed for a reason that asking again does not mend is looked at again after this time. */
const retryLaterMs = 2000;

const failure = (job: OpenJob, code: string, message: string): Answer => ({
  kind: 'failure',
  code,
  message,
  traceId: job.traceId,
});
