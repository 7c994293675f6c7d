/**
 * Jobs on the nodes of this instance: an assignment takes a slot and goes to the node, its result goes into the store
 * and its owner is told. Whatever happens to the node, each attempt ends in a result, a refusal or a requeue.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { uiEvent, type Subject } from '../desk/answer-messages.ts';
import type { Post } from '../fleet/post.ts';
import { resultsHint } from '../fleet/results-hint.ts';
import type { Metrics } from '../metrics.ts';
import { encode } from '../protocol/codec.ts';
import type { Assignment, JobResult, NodeAsrPartial } from '../protocol/node-messages.ts';
import type { SessionOutbound } from '../protocol/session-messages.ts';
import { retrying, type Retry } from '../retry.ts';
import type { HintOf, RefusalReason } from '../store/hints.ts';
import type { JobRecord, JobStore } from '../store/store.ts';
import { answerOf } from './answer.ts';
import type { FloorNode } from './node.ts';
import type { RunningJob } from './slots.ts';

export interface WorkbenchLimits {
  readonly pendingMs: number;
  readonly keepMs: number;
  readonly inlineBytes: number;
  /** How long a result is held on to while the store is away. */
  readonly finishForMs: number;
  /** A job that is on its node longer than this is checked against its record. */
  readonly auditAfterMs: number;
}

export interface WorkbenchDeps {
  readonly jobs: JobStore;
  readonly post: Post;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly limits: WorkbenchLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The number of running jobs of a node has changed; `freed` when a slot is free that was not. */
  readonly onSlots: (node: FloorNode, freed: boolean) => void;
}

/** Attempts that ended here of late: a hint that comes twice does not start one again. */
const rememberedMax = 4096;

/** How long an owner is tried to be told something that its own timers would find out later. */
const tellForMs = 5000;

export class Workbench {
  readonly #deps: WorkbenchDeps;
  readonly #ended = new Set<string>();
  readonly #finishing = new Set<Promise<void>>();

  constructor(deps: WorkbenchDeps) {
    this.#deps = deps;
  }

  /** Results on their way into the store. */
  get finishing(): number {
    return this.#finishing.size;
  }

  /** Gives an attempt to a node that is able to take it, or says why not. */
  async assign(node: FloorNode, hint: HintOf<'assign'>, again: boolean): Promise<void> {
    if (this.#ended.has(key(hint.job_id, hint.attempt))) return;
    const job = this.#runningJob(hint);
    const reservation = node.slots.reserve(job);
    if (reservation.kind === 'known') return;
    if (reservation.kind === 'full') {
      this.refuse(hint, 'full');
      return;
    }
    this.#deps.onSlots(node, false);
    if (reservation.replaced) this.#sendCancel(node, reservation.replaced.jobId, 'replaced');
    if (!again && hint.assign !== undefined && hint.audio !== undefined) {
      node.link.sendText(assignFrame(hint.assign, hint.attempt, hint.audio));
      return;
    }
    await this.#assignFromRecord(node, job);
  }

  refuse(hint: HintOf<'assign'>, reason: RefusalReason): void {
    const { job_id, session_id, attempt, node_id } = hint;
    const refusal = { type: 'refused', job_id, session_id, attempt, node_id, reason } as const;
    this.#tell(hint.from, refusal);
  }

  cancel(node: FloorNode, hint: HintOf<'cancel'>): void {
    if (!this.#release(node, hint.job_id, hint.attempt)) return;
    this.#sendCancel(node, hint.job_id, hint.reason);
  }

  /** The node's result; undefined attempts and repeats are counted and dropped. */
  result(node: FloorNode, message: JobResult): void {
    const job = this.#release(node, message.job_id, message.attempt_id);
    if (!job || job.sessionId !== message.session_id) {
      this.#deps.metrics.staleResults.inc({ why: 'not_running' });
      return;
    }
    const finishing = this.#finish(job, message)
      .catch((error: unknown) => {
        this.#deps.log.error({ err: error, jobId: job.jobId }, 'result could not be recorded');
      })
      .finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }

  /** The node has taken the job in; many nodes never say so. */
  accepted(job: RunningJob): void {
    this.#progress(job, uiEvent('NODE_ACCEPTED', subjectOf(job)));
  }

  partial(job: RunningJob, { text, is_final }: NodeAsrPartial): void {
    const subject = subjectOf(job);
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
    await Promise.all(node.slots.jobs().map((job) => this.#requeue(node, job)));
  }

  /** Frees slots of jobs that moved on without our hearing of it. */
  async audit(node: FloorNode): Promise<void> {
    const { jobs, clock, limits } = this.#deps;
    for (const job of node.slots.jobs()) {
      if (clock.monotonic() - job.sinceMs < limits.auditAfterMs) continue;
      const record = await jobs.get({ sessionId: job.sessionId, jobId: job.jobId });
      if (record && isAttempt(record, job, node.nodeId)) continue;
      if (this.#release(node, job.jobId, job.attempt)) this.#sendCancel(node, job.jobId, 'moved_on');
    }
  }

  /** The slot is held while the record is read, so that the node is not promised twice meanwhile. */
  async #assignFromRecord(node: FloorNode, job: RunningJob): Promise<void> {
    const { jobs, retry, limits } = this.#deps;
    const ref = { sessionId: job.sessionId, jobId: job.jobId };
    const record = await retrying(() => jobs.get(ref), retry, limits.finishForMs).catch(() => undefined);
    if (node.slots.find(job.jobId, job.attempt) === undefined) return;
    if (record && isAttempt(record, job, node.nodeId)) {
      job.assign = record.assign;
      node.link.sendText(assignFrame(record.assign, job.attempt, record.audio));
    } else {
      this.#release(node, job.jobId, job.attempt);
    }
  }

  async #finish(job: RunningJob, message: JobResult): Promise<void> {
    const { jobs, retry, limits, metrics, post } = this.#deps;
    const { sessionId, jobId, attempt } = job;
    const { index: utteranceIndex, traceId } = subjectOf(job);
    const answer = answerOf(message, traceId);
    const move = { sessionId, jobId, attempt, answer, keepMs: limits.keepMs };
    const done = await retrying(() => jobs.finish(move), retry, limits.finishForMs);
    if (done.kind !== 'done') {
      metrics.staleResults.inc({ why: done.kind });
      // The store lost it; its owner will give it to us under the same number once more.
      if (done.kind === 'unknown') this.#ended.delete(key(jobId, attempt));
      return;
    }
    if (done.owner === undefined) return;
    const entry = { seq: done.seq, jobId, utteranceIndex, answer };
    await post.sendPatiently(
      done.owner,
      resultsHint(sessionId, entry, limits.inlineBytes),
      limits.finishForMs,
    );
  }

  async #requeue(node: FloorNode, job: RunningJob): Promise<void> {
    const { jobs, retry, limits } = this.#deps;
    if (!this.#release(node, job.jobId, job.attempt)) return;
    const { sessionId, jobId, attempt, owner } = job;
    const deadlineMs = limits.pendingMs;
    const answer = await retrying(
      () => jobs.requeue({ sessionId, jobId, attempt, deadlineMs }),
      retry,
      limits.finishForMs,
    );
    if (answer.kind !== 'requeued') return;
    const hint = {
      type: 'requeued',
      job_id: jobId,
      session_id: sessionId,
      attempt,
      node_id: node.nodeId,
    } as const;
    this.#tell(owner, hint);
  }

  #release(node: FloorNode, jobId: string, attempt: number): RunningJob | undefined {
    const job = node.slots.release(jobId, attempt);
    if (!job) return undefined;
    this.#remember(key(jobId, attempt));
    this.#deps.onSlots(node, true);
    return job;
  }

  #remember(ended: string): void {
    this.#ended.add(ended);
    if (this.#ended.size <= rememberedMax) return;
    const [oldest] = this.#ended;
    if (oldest !== undefined) this.#ended.delete(oldest);
  }

  #sendCancel(node: FloorNode, jobId: string, reason: string): void {
    node.link.send({ type: 'job_cancel', job_id: jobId, reason });
  }

  /** Told once: progress that comes late is worth nothing. */
  #progress(job: RunningJob, message: SessionOutbound): void {
    this.#tell(job.owner, { type: 'progress', session_id: job.sessionId, message: encode(message) }, 0);
  }

  #tell(owner: string, hint: HintOf<'refused' | 'requeued' | 'progress'>, forMs = tellForMs): void {
    void this.#deps.post.sendPatiently(owner, hint, forMs);
  }

  #runningJob(hint: HintOf<'assign'>): RunningJob {
    return {
      jobId: hint.job_id,
      sessionId: hint.session_id,
      attempt: hint.attempt,
      owner: hint.from,
      sinceMs: this.#deps.clock.monotonic(),
      assign: hint.assign,
    };
  }
}

const key = (jobId: string, attempt: number): string => `${jobId}/${String(attempt)}`;

const isAttempt = (record: JobRecord, job: RunningJob, nodeId: string): boolean =>
  record.state === 'dispatched' && record.attempt === job.attempt && record.target?.nodeId === nodeId;

/** The stored assignment, with what only this attempt knows put in without reading the rest. */
export function assignFrame(assign: string, attempt: number, audio: string): string {
  return `${assign.slice(0, -1)},"attempt_id":${String(attempt)},"audio":${JSON.stringify(audio)}}`;
}

/** Whom a message about the job concerns; the node's own word for it is not needed. */
function subjectOf({ jobId, sessionId, assign }: RunningJob): Subject {
  const { utterance_index, trace_id } = JSON.parse(assign ?? '{}') as Partial<Assignment>;
  return { jobId, sessionId, index: utterance_index ?? 0, traceId: trace_id ?? '' };
}
