/** Jobs of the store: their states and moves. See store.ts for what all verbs promise. */
import type { SendAnswer } from './inbox.ts';

export type JobState = 'pending' | 'dispatched' | 'finished';

/** Where an attempt runs: a node, and the instance that holds its socket. */
export interface Target {
  readonly nodeId: string;
  readonly instanceId: string;
}

/** A job's place: the session decides the partition. */
export interface JobRef {
  readonly sessionId: string;
  readonly jobId: string;
}

export interface NewJob extends JobRef {
  readonly sessionEpoch: number;
  /** The client's idempotency key; the same key in the same session is the same job. */
  readonly requestId?: string;
  readonly utteranceIndex: number;
  /** JSON of everything `job_assign` says but `attempt_id` and `audio`. */
  readonly assign: string;
  /** Base64, as it came. */
  readonly audio: string;
  /** Until when it may stay in the state it is accepted in. */
  readonly deadlineMs: number;
  /** How long the idempotency key and the finished record are remembered. */
  readonly keepMs: number;
}

export interface OpenJobRecord extends JobRef {
  readonly state: JobState;
  readonly attempt: number;
  readonly failovers: number;
  readonly utteranceIndex: number;
  readonly requestId: string | undefined;
  readonly target: Target | undefined;
  readonly assign: string;
  /** Milliseconds until its deadline by the store's clock; negative when it has passed. */
  readonly deadlineInMs: number;
}

export interface JobRecord extends JobRef {
  readonly state: JobState;
  readonly attempt: number;
  readonly failovers: number;
  readonly utteranceIndex: number;
  readonly target: Target | undefined;
  /** Both empty once finished. */
  readonly assign: string;
  readonly audio: string;
}

/** What a job ended in. `result` is what the node said; `failure` is what became of it otherwise. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly textAsr: string;
      readonly textTranslated: string;
      readonly ttsAudio: string;
      readonly ttsFormat: string;
      readonly extra?: unknown;
      readonly traceId: string;
    }
  | {
      readonly kind: 'failure';
      readonly code: string;
      readonly message: string;
      readonly details?: unknown;
      readonly traceId: string;
    };

/**
 * What became of the hint to another instance that goes with a move. A store that can puts it into that one's inbox in the
 * same step, when the move happens. Without `told` it did not, and the caller sends the hint itself.
 */
export interface Told {
  readonly told?: SendAnswer;
}

/** To the target's instance: the hint `assign` of the first attempt. */
export interface TellTarget {
  /** The owner. */
  readonly from: string;
  /** Assignment and audio travel in the hint when they are no longer than this. */
  readonly inlineBytes: number;
}

/** To the session's owner: the hint `results`. */
export interface TellOwner {
  /** Who is believed to be the owner; nobody else is told. */
  readonly owner: string;
  /** The answer travels in the hint when its JSON is no longer than this. */
  readonly inlineBytes: number;
}

export type AcceptAnswer =
  | ({ readonly kind: 'accepted' } & Told)
  /** The request was accepted before; `jobId` is that job. */
  | { readonly kind: 'duplicate'; readonly jobId: string; readonly state: JobState }
  /** The session belongs to another instance now, or is gone. */
  | { readonly kind: 'fenced' };

export type MoveAnswer<Done> =
  | Done
  /** The job has moved on: the attempt it is at now. */
  | { readonly kind: 'stale'; readonly attempt: number }
  | { readonly kind: 'finished' }
  | { readonly kind: 'unknown' };

export interface FinishAnswer extends Told {
  readonly kind: 'done';
  readonly seq: number;
  readonly owner: string | undefined;
}

/**
 * Accepts and finishes that are asked for in one turn of the event loop travel together, as one script for each hash slot
 * (one for all where there are no slots), so that their cost is shared.
 */
export interface JobStore {
  /**
   * Records the job; with a target it is dispatched as attempt 1, otherwise pending as attempt 0. Repeating it with the
   * same job id is answered `accepted` and changes nothing. A store that is full refuses it whole, as `unavailable`.
   */
  accept(job: NewJob, target?: Target, tell?: TellTarget): Promise<AcceptAnswer>;

  /**
   * Gives the job to `target` as the next attempt, if it is still at `attempt` and not finished. Repeating it with the
   * same target gives the same answer.
   */
  dispatch(
    move: JobRef & { attempt: number; target: Target; deadlineMs: number; countsAsFailover: boolean },
  ): Promise<MoveAnswer<{ readonly kind: 'dispatched'; readonly attempt: number }>>;

  /** Makes a dispatched job pending again, if it is still at `attempt`. Repeating it is answered `requeued`. */
  requeue(
    move: JobRef & { attempt: number; deadlineMs: number },
  ): Promise<MoveAnswer<{ readonly kind: 'requeued' }>>;

  /**
   * Ends the job and puts its answer in the session's outbox, once: the first terminal answer wins. The audio is
   * dropped from the record, which is forgotten after `keepMs`. Works in a Redis that is at maxmemory.
   *
   * `owner` is the instance to tell, undefined when the session is connected nowhere. `seq` is 0 when the session is
   * forgotten and there is no outbox to write to. Repeating it with the same answer is answered `done` with the same
   * `seq` as long as the answer stands in the outbox, so that a caller that did not hear it can still tell the owner.
   */
  finish(
    move: JobRef & { attempt: number; answer: Answer; keepMs: number },
    tell?: TellOwner,
  ): Promise<MoveAnswer<FinishAnswer>>;

  get(ref: JobRef): Promise<JobRecord | undefined>;

  /**
   * Jobs whose deadline passed more than `graceMs` ago, oldest first per partition, at most `limit` in all. Partitions
   * come in no fixed order, so that none is always the last.
   */
  overdue(graceMs: number, limit: number): Promise<JobRef[]>;

  /**
   * Open jobs that nobody places when `instanceId` is dead, at most `limit`: of sessions whose last owner it is, and
   * either pending or on one of its nodes. What is dispatched elsewhere is not named again.
   */
  orphans(instanceId: string, limit: number): Promise<OpenJobRecord[]>;
}
