/**
 * The open jobs of this instance's sessions, and what others report of them: refusals, nodes that were lost, instances
 * that died. What is then done is in `job-moves.ts`.
 */
import type { HintOf } from '../store/hints.ts';
import type { SessionStore, Target } from '../store/store.ts';
import { JobMoves, type MoveDeps } from './job-moves.ts';
import type { OpenJob } from './session.ts';
import { createStrays, type Strays } from './strays.ts';

export interface DispatcherDeps extends MoveDeps {
  readonly sessions: SessionStore;
}

export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #jobs = new Map<string, OpenJob>();
  readonly #moves: JobMoves;
  readonly #strays: Strays;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#moves = new JobMoves(deps);
    this.#strays = createStrays({ ...deps, pendingMs: deps.limits.pendingMs });
  }

  get counts(): { waiting: number; running: number } {
    return { waiting: this.waitingCount, running: this.#jobs.size - this.waitingCount };
  }

  get waitingCount(): number {
    return this.#moves.waiting.size;
  }

  job(jobId: string): OpenJob | undefined {
    return this.#jobs.get(jobId);
  }

  /** Records a new job and sends it on its way. Resolves when it is accepted or has failed. */
  submit(job: OpenJob): Promise<void> {
    this.#jobs.set(job.jobId, job);
    return this.#moves.record(job).catch((error: unknown) => {
      if (!job.ended) this.#unrecorded(job, error);
    });
  }

  #unrecorded(job: OpenJob, error: unknown): void {
    const { log, metrics, events } = this.#deps;
    log.error({ err: error, jobId: job.jobId }, 'job could not be recorded');
    metrics.jobs.inc({ status: 'refused' });
    events.unrecorded(job);
  }

  /**
   * A job that another ownership began, as its record has it: its time goes on, and the instance of its node is told
   * who answers for it now. If that was never told of the job at all, it hears of it by this.
   */
  adopt(job: OpenJob, place: { readonly target: Target | undefined; readonly deadlineInMs: number }): void {
    this.#jobs.set(job.jobId, job);
    const leftMs = Math.max(0, place.deadlineInMs);
    if (!place.target) {
      job.waitUntilMs = this.#deps.clock.monotonic() + leftMs;
      this.#moves.wait(job);
      this.#moves.waiting.wake();
      return;
    }
    this.#deps.placer.took(place.target);
    this.#moves.background(job, this.#moves.assign(job, place.target, leftMs));
  }

  /** The job has its answer, or its session is gone: nothing more is done for it. */
  forget(job: OpenJob): void {
    if (job.ended) return;
    if (job.target) this.#deps.placer.ended(job.target);
    this.#moves.isAt(job, undefined);
    job.ended = true;
    job.cancelTimer();
    this.#moves.waiting.leave(job);
    this.#jobs.delete(job.jobId);
  }

  fail(job: OpenJob, code: string, message: string): Promise<void> {
    return this.#moves.fail(job, code, message);
  }

  cancel(job: OpenJob, reason: string): void {
    this.#moves.cancel(job, reason);
  }

  async refused(hint: HintOf<'refused'>): Promise<void> {
    this.#deps.metrics.refusals.inc({ reason: hint.reason });
    const job = this.#jobs.get(hint.job_id);
    if (!job) return this.#strays.refused(hint);
    await this.#moves.heard(job, hint);
  }

  requeued(hint: HintOf<'requeued'>): Promise<void> | void {
    const job = this.#jobs.get(hint.job_id);
    if (!job) return this.#strays.requeued(hint);
    return this.#moves.heard(job, hint);
  }

  /** The call we asked an instance for: a slot is free there. */
  capacity(instanceId: string): void {
    this.#moves.calls.called(instanceId);
    this.#moves.waiting.wake();
  }

  /** The view of the nodes has changed. */
  wake(): void {
    this.#moves.waiting.wake();
  }

  /** An instance died with whatever its nodes were doing. One that is back, and the node with it, is told again. */
  instanceGone(instanceId: string): void {
    this.#moves.calls.forget(instanceId);
    for (const { job, target } of this.#jobsAt(instanceId)) {
      const isBack = this.#deps.placer.isThere(target);
      this.#moves.background(
        job,
        isBack ? this.#moves.assign(job, target) : this.#moves.next(job, target.nodeId),
      );
    }
  }

  /** An instance let go of its nodes and may have them back: told of each job again, it runs it, or says that it is gone. */
  instanceReturned(instanceId: string): void {
    for (const { job, target } of this.#jobsAt(instanceId))
      this.#moves.background(job, this.#moves.assign(job, target));
  }

  *#jobsAt(instanceId: string): Iterable<{ job: OpenJob; target: Target }> {
    for (const job of this.#jobs.values()) {
      const { target, moving } = job;
      if (target?.instanceId === instanceId && !moving) yield { job, target };
    }
  }

  /** Hints may have been missed: asks the store where every job is that we believe to be on a node. */
  recheck(): void {
    for (const job of this.#jobs.values()) {
      if (job.target && !job.moving)
        this.#moves.background(job, this.#moves.resync(job, { kind: 'stale', attempt: job.attempt }));
    }
  }
}
