/** Sessions of the store: records, ownership and answers kept. See store.ts for what all verbs promise. */
import type { Answer, OpenJobRecord } from './jobs.ts';

export interface SessionRecord {
  readonly sessionId: string;
  /** The instance that holds the session's socket. */
  readonly owner: string;
  /** Raised each time the session is taken over. A verb with an older epoch is answered `fenced`. */
  readonly epoch: number;
  /** Sequence number of the newest answer in the outbox; 0 when there is none. */
  readonly seq: number;
  /** JSON of what `session_init` said, for whoever takes the session over. */
  readonly attributes: string;
  /** Answers up to here were acknowledged by the client, and are trimmed. */
  readonly acknowledged: number;
}

/** One terminal answer of a session, kept until it is trimmed. */
export interface OutboxEntry {
  readonly seq: number;
  readonly jobId: string;
  readonly utteranceIndex: number;
  readonly answer: Answer;
}

export interface SessionStore {
  /**
   * Creates the record with epoch 1 and the owner key. Repeating it with the same owner gives the same epoch. Throws
   * `conflict` when another instance owns the session: that one is taken over, not opened. `resumeToken` is the secret
   * that a client must show to take the session over.
   */
  open(session: {
    sessionId: string;
    owner: string;
    attributes: string;
    resumeToken: string;
    ttlMs: number;
  }): Promise<{ epoch: number }>;

  /**
   * Makes `owner` the owner under a higher epoch; the previous owner's verbs are fenced from then on. `previousOwner` is
   * the last one, also when it released the session; repeating the verb raises the epoch again. `denied`: the token is
   * not the session's. `open` are the session's jobs that have no answer yet, without their audio.
   */
  takeOver(session: {
    sessionId: string;
    owner: string;
    resumeToken: string;
    ttlMs: number;
  }): Promise<
    | { kind: 'taken'; session: SessionRecord; previousOwner: string; open: OpenJobRecord[] }
    | { kind: 'unknown' }
    | { kind: 'denied' }
  >;

  /**
   * Extends the life of the records and owner keys of connected sessions. Returns the ids that are no longer ours: taken
   * over, or forgotten by the store (`get` tells which; a forgotten one can be opened again).
   */
  renew(
    sessions: readonly { sessionId: string; epoch: number }[],
    owner: string,
    ttlMs: number,
  ): Promise<string[]>;

  /** Removes the owner key by compare and lets the record and outbox live on for `keepMs`; 0 removes them. */
  release(session: { sessionId: string; epoch: number; owner: string; keepMs: number }): Promise<void>;

  get(sessionId: string): Promise<SessionRecord | undefined>;

  /** The instance whose socket the session is on, or undefined when it is on none. */
  ownerOf(sessionId: string): Promise<string | undefined>;

  /** Answers after `afterSeq`, oldest first, at most `limit`. */
  readOutbox(sessionId: string, afterSeq: number, limit: number): Promise<OutboxEntry[]>;

  /** Forgets answers up to and including `throughSeq`; what is trimmed in one turn of the event loop travels together. */
  trimOutbox(sessionId: string, throughSeq: number): Promise<void>;
}
