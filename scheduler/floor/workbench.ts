/**
 * Jobs on the nodes of this instance: an assignment takes a slot and goes to the node, and the slot is free again when the
 * node answers, is stopped or is lost. Whatever happens, each attempt ends in a result, a refusal or a requeue
 * (`outcomes.ts`).
 */
import type { Clock } from '../../common/clock.ts';
import { uiEvent, type Subject } from '../desk/answer-messages.ts';
import type { Post } from '../fleet/post.ts';
import type { Metrics } from '../metrics.ts';
import { encode } from '../protocol/codec.ts';
import type { Assignment, JobResult, NodeAsrPartial } from '../protocol/node-messages.ts';
import type { SessionOutbound } from '../protocol/session-messages.ts';
import type { HintOf, RefusalReason } from '../store/hints.ts';
import type { JobRecord, JobStore } from '../store/store.ts';
import { answerOf, missingModel } from './answer.ts';
import { EndedAttempts } from './ended-attempts.ts';
import type { FloorNode } from './node.ts';
import { tellForMs, type EndingJob, type Outcomes } from './outcomes.ts';
import type { RunningJob } from './slots.ts';

export interface WorkbenchLimits {
  /** A job that is on its node longer than this is checked against its record. */
  readonly auditAfterMs: number;
}

export interface WorkbenchDeps {
  readonly instanceId: string;
  readonly jobs: JobStore;
  readonly post: Post;
  readonly outcomes: Outcomes;
  readonly clock: Clock;
  readonly limits: WorkbenchLimits;
  readonly metrics: Metrics;
  /** The number of running jobs of a node has changed; `freed` when a slot is free that was not. */
  readonly onSlots: (node: FloorNode, freed: boolean) => void;
}

export class Workbench {
  readonly #deps: WorkbenchDeps;
  readonly #ended = new EndedAttempts();

  constructor(deps: WorkbenchDeps) {
    this.#deps = deps;
  }

  /** Outcomes on their way into the store. */
  get finishing(): number {
    return this.#deps.outcomes.inProgress;
  }

  /** Gives an attempt to a node that is able to take it, or says why not. */
  assign(node: FloorNode, hint: HintOf<'assign'>, again: boolean): Promise<void> | void {
    if (this.#ended.has(hint.job_id, hint.attempt)) return;
    const job = this.#runningJob(hint);
    const reservation = node.slots.reserve(job);
    if (reservation.kind === 'known') {
      // The session may have been taken over: its new owner hears how the job goes from now on.
      const running = node.slots.find(hint.job_id, hint.attempt);
      if (running) running.owner = hint.from;
      return;
    }
    if (reservation.kind === 'full') {
      void this.refuse(hint, 'full');
      return;
    }
    this.#deps.onSlots(node, false);
    if (reservation.replaced) this.#sendCancel(node, reservation.replaced.jobId, 'replaced');
    if (!again && hint.assign !== undefined && hint.audio !== undefined) {
      node.link.sendText(assignFrame(hint.assign, hint.attempt, hint.audio));
      return;
    }
    return this.#assignFromRecord(node, job);
  }

  /** Resolves when the owner has been told, or cannot be. */
  async refuse(hint: HintOf<'assign'>, reason: RefusalReason): Promise<void> {
    const { job_id, session_id, attempt, node_id } = hint;
    const from = this.#deps.instanceId;
    const refusal = { type: 'refused', job_id, session_id, attempt, node_id, reason, from } as const;
    // Until it hears of it the owner takes the job for running, for as long as a job may run.
    await this.#deps.post.sendPatiently(hint.from, refusal, tellForMs, true);
  }

  cancel(node: FloorNode, hint: HintOf<'cancel'>): void {
    if (!this.#release(node, hint.job_id, hint.attempt)) return;
    this.#sendCancel(node, hint.job_id, hint.reason);
  }

  /** The node's result; repeats and attempts that nobody waits for are counted and dropped. */
  result(node: FloorNode, message: JobResult): void {
    const job = node.slots.find(message.job_id, message.attempt_id);
    if (!job) {
      this.#carriedResult(node, message);
    } else if (job.sessionId === message.session_id) {
      this.#release(node, job.jobId, job.attempt);
      const subject = subjectOf(job);
      if (subject) this.#end(node, job, message, subject);
      else void this.#endUnread(node, job, message);
    } else {
      this.#deps.metrics.staleResults.inc({ why: 'not_running' });
    }
  }

  /** The node has taken the job in; many nodes never say so. */
  accepted(job: RunningJob): void {
    const subject = subjectOf(job);
    if (subject) this.#progress(job, uiEvent('NODE_ACCEPTED', subject));
  }

  partial(job: RunningJob, { text, is_final }: NodeAsrPartial): void {
    const subject = subjectOf(job);
    if (!subject) return;
    const { sessionId: session_id, jobId: job_id, index: utterance_index, traceId: trace_id } = subject;
    this.#progress(job, {
      type: 'asr_partial',
      session_id,
      utterance_index,
      job_id,
      text,
      is_final,
      trace_id,
    });
    if (!is_final) this.#progress(job, uiEvent('ASR_PARTIAL', subject));
  }

  /** The node is lost: its jobs are pending again, and their owners find other nodes. */
  async requeueAll(node: FloorNode): Promise<void> {
    const lost = node.slots.jobs().filter((job) => this.#release(node, job.jobId, job.attempt));
    await Promise.all(lost.map((job) => this.#deps.outcomes.giveBack(job, node.nodeId)));
  }

  /** Frees slots of jobs that moved on without our hearing of it. */
  async audit(node: FloorNode): Promise<void> {
    const { jobs, clock, limits } = this.#deps;
    for (const job of node.slots.jobs()) {
      if (clock.monotonic() - job.sinceMs < limits.auditAfterMs) continue;
      const record = await jobs.get({ sessionId: job.sessionId, jobId: job.jobId });
      if (record && isAttempt(record, job.attempt, node.nodeId)) continue;
      if (this.#release(node, job.jobId, job.attempt)) this.#sendCancel(node, job.jobId, 'moved_on');
    }
  }

  /** The slot is held while the record is read, so that the node is not promised twice meanwhile. */
  async #assignFromRecord(node: FloorNode, job: RunningJob): Promise<void> {
    const record = await this.#deps.outcomes.record(job);
    if (node.slots.find(job.jobId, job.attempt) === undefined) return;
    if (record && isAttempt(record, job.attempt, node.nodeId)) {
      job.assign = record.assign;
      node.link.sendText(assignFrame(record.assign, job.attempt, record.audio));
    } else {
      this.#release(node, job.jobId, job.attempt);
    }
  }

  /** A job that the node cannot do after all goes to another; any other answer is the job's. */
  #end(node: FloorNode, job: RunningJob, message: JobResult, { index, traceId }: Subject): void {
    const { outcomes, metrics, clock } = this.#deps;
    metrics.nodeSeconds.observe({ stage: 'answered' }, (clock.monotonic() - job.sinceMs) / 1000);
    const answer = answerOf(message, traceId);
    if (missingModel(message)) void outcomes.giveBack(job, node.nodeId, answer);
    else this.#finish(job, index, answer);
  }

  /** The node had the job before it came here, and answers while we still read what it is about. */
  async #endUnread(node: FloorNode, job: RunningJob, message: JobResult): Promise<void> {
    const record = await this.#recordOf(node, job);
    if (record) this.#end(node, job, message, subjectIn(record.assign, job));
  }

  /**
   * A job that was given to the node before it came here, by this process' or another's earlier connection. It has ended,
   * and counts when its record still says that this node is at this attempt.
   */
  #carriedResult(node: FloorNode, message: JobResult): void {
    const { metrics, onSlots } = this.#deps;
    const { job_id: jobId, session_id: sessionId, attempt_id: attempt } = message;
    const isRepeat = this.#ended.has(jobId, attempt);
    if (!isRepeat && node.slots.carriedEnded()) onSlots(node, true);
    if (isRepeat || missingModel(message)) {
      metrics.staleResults.inc({ why: 'not_running' });
      return;
    }
    this.#ended.add(jobId, attempt);
    void this.#finishCarried(node, { jobId, sessionId, attempt }, message);
  }

  async #finishCarried(node: FloorNode, job: EndingJob, message: JobResult): Promise<void> {
    const record = await this.#recordOf(node, job);
    if (!record) return;
    const { index, traceId } = subjectIn(record.assign, job);
    this.#finish(job, index, answerOf(message, traceId));
  }

  /** What an ended attempt was about; undefined, and counted, when its record does not say that this node is at it. */
  async #recordOf(node: FloorNode, job: EndingJob): Promise<JobRecord | undefined> {
    const record = await this.#deps.outcomes.record(job);
    if (record && isAttempt(record, job.attempt, node.nodeId)) return record;
    // The store does not say: its owner may give it out under the same number once more.
    if (!record) this.#ended.forget(job.jobId);
    this.#deps.metrics.staleResults.inc({ why: 'not_running' });
    return undefined;
  }

  #finish(job: EndingJob, index: number, answer: ReturnType<typeof answerOf>): void {
    this.#deps.outcomes.finish(job, index, answer, () => {
      this.#ended.forget(job.jobId);
    });
  }

  #release(node: FloorNode, jobId: string, attempt: number): RunningJob | undefined {
    const job = node.slots.release(jobId, attempt);
    if (!job) return undefined;
    this.#ended.add(jobId, attempt);
    this.#deps.onSlots(node, true);
    return job;
  }

  #sendCancel(node: FloorNode, jobId: string, reason: string): void {
    node.link.send({ type: 'job_cancel', job_id: jobId, reason });
  }

  /** Told once: progress that comes late is worth nothing. */
  #progress(job: RunningJob, message: SessionOutbound): void {
    const hint = { type: 'progress', session_id: job.sessionId, message: encode(message) } as const;
    void this.#deps.post.sendPatiently(job.owner, hint, 0);
  }

  #runningJob(hint: HintOf<'assign'>): RunningJob {
    return {
      jobId: hint.job_id,
      sessionId: hint.session_id,
      attempt: hint.attempt,
      owner: hint.from,
      sinceMs: this.#deps.clock.monotonic(),
      assign: hint.assign,
      subject: undefined,
    };
  }
}

const isAttempt = (record: JobRecord, attempt: number, nodeId: string): boolean =>
  record.state === 'dispatched' && record.attempt === attempt && record.target?.nodeId === nodeId;

/** The stored assignment, with what only this attempt knows put in without reading the rest. */
export function assignFrame(assign: string, attempt: number, audio: string): string {
  return `${assign.slice(0, -1)},"attempt_id":${String(attempt)},"audio":${JSON.stringify(audio)}}`;
}

/**
 * Whom a message about the job concerns; the node's own word for it is not needed. Read once for each attempt, and
 * undefined until its assignment is here.
 */
function subjectOf(job: RunningJob): Subject | undefined {
  if (job.assign === undefined) return undefined;
  return (job.subject ??= subjectIn(job.assign, job));
}

function subjectIn(assign: string, { jobId, sessionId }: EndingJob): Subject {
  const { utterance_index: index, trace_id: traceId } = JSON.parse(assign) as Assignment;
  return { jobId, sessionId, index, traceId };
}
