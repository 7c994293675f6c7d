/** One session of this instance and its open jobs, as its owner knows them. */
import type { DeliveryOrder } from '../decide/delivery-order.ts';
import type { LanguagePair } from '../decide/languages.ts';
import type { SessionInit, SessionOutbound } from '../protocol/session-messages.ts';
import type { HintOf } from '../store/hints.ts';
import type { Answer, OutboxEntry, Target } from '../store/store.ts';
import type { RecentJobs } from './recent-jobs.ts';
import type { Speech } from './speech.ts';

/** What the session's socket offers. */
export interface SessionLink {
  send(message: SessionOutbound): void;
  /** A complete message as JSON, made elsewhere. */
  sendText(text: string): void;
  /** What the client has not read yet. */
  unreadBytes(): number;
  /** The client has hung up. */
  isClosed(): boolean;
  close(reason: 'superseded' | 'goingAway'): void;
}

/**
 * An ownership of a session: from the moment it is opened or taken over here until it is taken over, here or elsewhere,
 * or ends. A session that is resumed on the same instance is another object, built from its record like any other.
 */
export interface DeskSession {
  readonly sessionId: string;
  /** The secret of its resume token. */
  readonly secret: string;
  readonly init: SessionInit;
  readonly traceId: string;
  /** The client acknowledges: its answers carry `seq`, and are kept until then. */
  readonly resumable: boolean;
  /** The client wants to be told `job_accepted`. */
  readonly tellAccepted: boolean;
  readonly order: DeliveryOrder<Delivered>;
  readonly jobs: Map<string, OpenJob>;
  /** Undefined while the session is detached: its socket ended, and its client may come back. */
  link: SessionLink | undefined;
  /** Fencing number of our ownership; verbs carry it. */
  epoch: number;
  /** Added to sequence numbers of the outbox. All others here, and the client's, are sums. */
  seqBase: number;
  /** Answers up to here were taken from the outbox. */
  seenSeq: number;
  /** Answers up to here are done with: acknowledged, or sent to a client that never acknowledges. */
  doneSeq: number;
  /** Answers of an earlier ownership are still being read; until then nobody knows which comes first. */
  restoring: boolean;
  /** The index after the highest one so far: that of the next utterance cut from streamed audio. */
  nextIndex: number;
  /** Streamed audio; undefined until the first chunk. */
  speech: Speech | undefined;
  /** Jobs whose client was told that they failed before they were known to be recorded, with their answers, if any came. */
  disowned: Map<string, OutboxEntry | undefined> | undefined;
  /**
   * The jobs that this ownership answered last: a store that comes back without their end has them done once more. What a
   * client missed that comes back is told it by the next ownership.
   */
  answered: RecentJobs | undefined;
  /** Its client was asked to connect to another instance. */
  leaving: boolean;
  closed: boolean;
}

/** A job that has no answer yet. */
export interface OpenJob {
  readonly jobId: string;
  readonly session: DeskSession;
  readonly index: number;
  readonly requestId: string | undefined;
  readonly traceId: string;
  /** JSON of the assignment. */
  readonly assign: string;
  /** As it came; undefined for a job that was taken over, whose audio stands in its record only. */
  readonly audio: string | undefined;
  /** Service ids a node must have, and languages it must translate. */
  readonly services: readonly string[];
  readonly languages: readonly LanguagePair[];
  /** When its utterance was read; undefined when another instance did that. */
  readonly beganMs: number | undefined;

  /** The attempt its record is at, as far as we know. */
  attempt: number;
  failovers: number;
  /** Where the attempt runs; undefined while it waits for a node. */
  target: Target | undefined;
  /** Nodes that refused it or failed at it; forgotten when no other is left. */
  exclude: ReadonlySet<string>;
  /** When waiting for a node ends, in monotonic milliseconds; kept when a node refuses. */
  waitUntilMs: number | undefined;
  /** It waits because its time on a node was up, which its next dispatch must count. */
  owesFailover: boolean;
  /** The store has said that it is recorded; the client has heard of it, if it wants to. */
  accepted: boolean;
  /** The session was told DISPATCHED: once, however many nodes it takes. */
  told: boolean;
  /** A verb about this job is on its way; what else happens to it meanwhile is found out by its answer. */
  moving: boolean;
  /** How its first attempt went, heard before the store answered that there is one. */
  heardEarly: HintOf<'refused'> | HintOf<'requeued'> | undefined;
  ended: boolean;
  cancelTimer: () => void;
}

/** An answer on its way to the session. */
export interface Delivered {
  readonly jobId: string;
  readonly answer: Answer;
  readonly beganMs: number | undefined;
}
