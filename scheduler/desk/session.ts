/** One connected session and its open jobs, as its owner knows them. */
import type { DeliveryOrder } from '../decide/delivery-order.ts';
import type { SessionInit, SessionOutbound } from '../protocol/session-messages.ts';
import type { Answer, Target } from '../store/store.ts';

/** What the session's socket offers. */
export interface SessionLink {
  send(message: SessionOutbound): void;
  /** A complete message as JSON, made elsewhere. */
  sendText(text: string): void;
  close(reason: 'superseded' | 'goingAway'): void;
}

export interface DeskSession {
  readonly sessionId: string;
  readonly init: SessionInit;
  readonly traceId: string;
  readonly link: SessionLink;
  readonly order: DeliveryOrder<Delivered>;
  readonly jobs: Map<string, OpenJob>;
  /** Fencing number of our ownership; verbs carry it. */
  epoch: number;
  /** Answers up to here were taken from the outbox. */
  seenSeq: number;
  /** Answers up to here were sent, and may be trimmed. */
  trimmedSeq: number;
  closed: boolean;
}

/** A job that has no answer yet. */
export interface OpenJob {
  readonly jobId: string;
  readonly session: DeskSession;
  readonly index: number;
  readonly requestId: string | undefined;
  readonly traceId: string;
  /** JSON of the assignment, and the audio as it came. */
  readonly assign: string;
  readonly audio: string;
  /** Service ids a node must have. */
  readonly services: readonly string[];
  readonly beganMs: number;

  /** The attempt its record is at, as far as we know. */
  attempt: number;
  failovers: number;
  /** Where the attempt runs; undefined while it waits for a node. */
  target: Target | undefined;
  /** Nodes that refused it or failed at it; forgotten when no other is left. */
  readonly exclude: Set<string>;
  /** When waiting for a node ends, in monotonic milliseconds; kept when a node refuses. */
  waitUntilMs: number | undefined;
  /** It waits because its time on a node was up, which its next dispatch must count. */
  owesFailover: boolean;
  /** The session was told DISPATCHED: once, however many nodes it takes. */
  told: boolean;
  /** A verb about this job is on its way; what else happens to it meanwhile is found out by its answer. */
  moving: boolean;
  ended: boolean;
  cancelTimer: () => void;
}

/** An answer on its way to the session. */
export interface Delivered {
  readonly jobId: string;
  readonly index: number;
  readonly answer: Answer;
  readonly beganMs: number;
}
