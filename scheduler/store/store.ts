/**
 * The shared truth of all instances, as verbs. A verb is one atomic transition in one hash slot and is safe to repeat:
 * a caller that did not hear the answer calls again. Two implementations, `redis/` and `memory/`, pass one contract
 * suite (`test/contract/store.ts`).
 *
 * Every verb throws `AppError` with code `unavailable` when the store cannot answer; whether it happened is then
 * unknown, and repeating it is right. It throws `invalid` for an id that is not 1 to 128 of letters, digits, `_`, `.`,
 * `:` and `-`. Expected answers are values.
 *
 * All durations are milliseconds, and deadlines are kept by the store's own clock. See docs/design/scheduler.md.
 */
import type { Hint } from './hints.ts';

export interface Store {
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly nodes: NodeStore;
  readonly instances: InstanceStore;
  readonly inbox: InboxStore;

  /**
   * Calls the listener each time the store answers again after it did not, and when it is seen to have lost data: what
   * was recorded may be gone or about to expire, so renew at once. May be called more often than needed.
   */
  onReconnect(listener: () => void): void;

  /** Round trip of one ping in milliseconds. Throws `unavailable`. */
  ping(): Promise<number>;
  /** Facts about the server for people and for `scheduler doctor`. Throws `unavailable`. */
  examine(): Promise<StoreFacts>;
  close(): Promise<void>;
}

/** What can be known of the server behind the store; undefined where it does not say (an ACL may forbid it). */
export interface StoreFacts {
  readonly kind: 'redis' | 'memory';
  readonly mode: 'single' | 'cluster' | 'none';
  /** Of each server that was asked. */
  readonly servers: readonly {
    readonly address: string;
    readonly version: string | undefined;
    /** `redis`, `valkey` or another name the server gives itself. */
    readonly flavour: string | undefined;
    readonly clusterEnabled: boolean | undefined;
    readonly maxmemoryBytes: number | undefined;
    readonly usedMemoryBytes: number | undefined;
    readonly maxmemoryPolicy: string | undefined;
    readonly appendOnly: boolean | undefined;
    /** The last write to the append-only file or the last snapshot failed. */
    readonly persistenceFailing: boolean | undefined;
    readonly connectedReplicas: number | undefined;
    /** Its clock, in milliseconds since the Unix epoch, and ours half a round trip ago. */
    readonly clockMs: number;
    readonly ourClockMs: number;
  }[];
}

// ---------------------------------------------------------------- sessions

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

  /** Removes the owner key by compare and lets the record and outbox live on for `keepMs`. */
  release(session: { sessionId: string; epoch: number; owner: string; keepMs: number }): Promise<void>;

  get(sessionId: string): Promise<SessionRecord | undefined>;

  /** The instance whose socket the session is on, or undefined when it is on none. */
  ownerOf(sessionId: string): Promise<string | undefined>;

  /** Answers after `afterSeq`, oldest first, at most `limit`. */
  readOutbox(sessionId: string, afterSeq: number, limit: number): Promise<OutboxEntry[]>;

  /** Forgets answers up to and including `throughSeq`; what is trimmed in one turn of the event loop travels together. */
  trimOutbox(sessionId: string, throughSeq: number): Promise<void>;
}

// -------------------------------------------------------------------- jobs

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

export type AcceptAnswer =
  | { readonly kind: 'accepted' }
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

/**
 * Accepts and finishes that are asked for in one turn of the event loop travel together, as one script for each hash slot
 * (one for all where there are no slots), so that their cost is shared.
 */
export interface JobStore {
  /**
   * Records the job; with a target it is dispatched as attempt 1, otherwise pending as attempt 0. Repeating it with the
   * same job id is answered `accepted` and changes nothing. A store that is full refuses it whole, as `unavailable`.
   */
  accept(job: NewJob, target?: Target): Promise<AcceptAnswer>;

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
  ): Promise<MoveAnswer<{ readonly kind: 'done'; readonly seq: number; readonly owner: string | undefined }>>;

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

// ------------------------------------------------------------------- nodes

/** What placement needs to know of a node anywhere. */
export interface NodeView {
  readonly nodeId: string;
  /** The instance that holds its socket. */
  readonly instanceId: string;
  readonly status: 'registering' | 'ready' | 'degraded' | 'draining' | 'offline';
  readonly slots: number;
  /** Jobs on it when this was written; a hint. */
  readonly running: number;
  /** Service ids that are ready. */
  readonly services: readonly string[];
  /** Languages it can take in and put out; undefined: it did not say, which counts as all. */
  readonly languages?:
    | {
        readonly source: readonly string[];
        readonly target: readonly string[];
        /** Directions it translates, as `zh>en`; absent: all of source and target. `*` stands for any language. */
        readonly pairs?: readonly string[];
      }
    | undefined;
  readonly hasGpu: boolean;
  readonly acceptsPublicJobs: boolean;
  readonly cpuPercent: number;
  readonly gpuPercent: number;
  readonly memoryPercent: number;
}

export type NodeChange =
  { readonly op: 'put'; readonly view: NodeView } | { readonly op: 'gone'; readonly nodeId: string };

export interface NodeStore {
  /** The newest connection of a node owns it. `connection` is unique per socket. Returns which other one owned it before. */
  claim(node: {
    nodeId: string;
    instanceId: string;
    connection: string;
    ttlMs: number;
  }): Promise<{ previous: { instanceId: string; connection: string } | undefined }>;

  /** Extends the claims, presences and snapshots of connected nodes. Returns the ids that another connection took. */
  renew(
    nodes: readonly { nodeId: string; connection: string }[],
    instanceId: string,
    ttl: { ownerMs: number; presenceMs: number },
  ): Promise<string[]>;

  /**
   * Writes the node's snapshot (JSON in the original's shape), view and presence, and announces the change when
   * `announce`. A caller announces only what changed, so that the cost follows the changes. Does nothing when another
   * instance owns the node.
   */
  save(node: { view: NodeView; snapshot: string; presenceMs: number; announce: boolean }): Promise<void>;

  /** Removes everything of the node, if this connection still owns it, and announces that it is gone. */
  remove(node: { nodeId: string; instanceId: string; connection: string }): Promise<void>;

  /**
   * Removes everything of the nodes that a dead instance held and nobody took since, and announces that they are gone.
   * Returns how many. Looks at every node, so it is for the one that reaps.
   */
  removeOf(deadInstanceId: string): Promise<number>;

  /** All live nodes, and the cursor from which `changes` continues. */
  all(): Promise<{ views: NodeView[]; cursor: string }>;

  /**
   * What is true now of the nodes announced after `cursor`, each once; `lost` when the log no longer reaches back that
   * far: read `all` again. Nobody announces a node whose instance died: its view ends after `presenceMs`, which `all`
   * shows, so a reader reads `all` now and then.
   */
  changes(
    cursor: string,
  ): Promise<{ kind: 'changes'; changes: NodeChange[]; cursor: string } | { kind: 'lost' }>;

  /** What is true now of these nodes. */
  find(nodeIds: readonly string[]): Promise<NodeChange[]>;

  /** Forgets nodes not seen for `olderThanMs`; returns how many. */
  sweepStale(olderThanMs: number): Promise<number>;
}

// --------------------------------------------------------------- instances

export interface LeaseToken {
  readonly instanceId: string;
  readonly epoch: number;
  readonly boot: string;
  readonly podUid: string;
}

export interface PresenceRecord {
  readonly instance_id: string;
  /** Milliseconds since the Unix epoch at which the process started, not at which this was written. */
  readonly started_at: number;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly state: 'serving' | 'draining';
}

export interface InstanceStore {
  /**
   * Claims the instance id for this process under a new epoch. The same pod takes over at once: its kubelet guarantees
   * that the previous container is gone. So does the same boot, which is this process. Any other holder keeps it until
   * its lease expires; an empty pod uid is nobody's.
   */
  claim(
    identity: Omit<LeaseToken, 'epoch'>,
    ttlMs: number,
  ): Promise<
    { kind: 'claimed'; token: LeaseToken } | { kind: 'held'; holder: LeaseToken; expiresInMs: number }
  >;

  /** Extends the lease if it is still exactly ours. Works in a Redis that is at maxmemory. */
  renew(token: LeaseToken, ttlMs: number): Promise<boolean>;

  /** Gives the lease up if it is still exactly ours, and the presence with it unless another process holds the id. */
  release(token: LeaseToken): Promise<void>;

  announce(presence: PresenceRecord, ttlMs: number): Promise<void>;

  /** Figures of an instance for people, as JSON the store does not read; gone after `ttlMs`. */
  publish(instanceId: string, figures: string, ttlMs: number): Promise<void>;

  /** Instances whose lease is held now, with their presence and figures when there are. */
  live(): Promise<LiveInstance[]>;

  /** Instances that claimed once, hold no lease and are reaped by nobody: their inbox waits for a reaper. */
  dead(): Promise<string[]>;

  /**
   * Becomes the reaper of a dead instance: holds its lease in its place for `ttlMs`, so that of several only one reaps,
   * and one that comes back waits as long. Asked again by the same reaper it extends that. False: it lives, or another
   * instance reaps it.
   */
  beginReaping(deadInstanceId: string, reaper: LeaseToken, ttlMs: number): Promise<boolean>;

  /**
   * Ends the reaping: when the inbox is empty, everything of the instance goes but its epoch counter, and dead letters,
   * which are kept for `deadLettersMs`. False when new entries have come, or the reaping had ended by itself.
   */
  retire(deadInstanceId: string, reaper: LeaseToken, deadLettersMs: number): Promise<boolean>;
}

export interface LiveInstance {
  readonly instanceId: string;
  readonly presence: PresenceRecord | undefined;
  /** What it last gave to `publish`. */
  readonly figures: string | undefined;
}

// ------------------------------------------------------------------- inbox

export interface InboxEntry {
  /** Stream entry id; acknowledge by it. */
  readonly id: string;
  readonly hints: readonly Hint[];
  /** True when it was delivered before: check the record before acting on its hints. */
  readonly again: boolean;
}

export interface InboxStats {
  readonly length: number;
  readonly pending: number;
  readonly dlqLength: number;
}

export interface InboxStore {
  /**
   * Appends hints to an instance's inbox; what is sent to it in one turn of the event loop travels together. `busy`: it
   * holds `maxLength` entries. `no_owner`: the instance does not hold its lease, so nobody would read it.
   */
  send(instanceId: string, hints: readonly Hint[]): Promise<'sent' | 'busy' | 'no_owner'>;

  /**
   * This instance's entries: first what an earlier life read and did not acknowledge, then new ones. Ends when the
   * signal aborts. Survives a lost connection and a lost consumer group by starting again. Entries that stay
   * unacknowledged are yielded again later, and go to the dead letters at the configured number of deliveries, as do
   * entries that cannot be decoded; hints of unknown type are left out. One reader per instance. It ends within
   * `blockMs` of the signal.
   */
  read(instanceId: string, signal: AbortSignal): AsyncIterable<readonly InboxEntry[]>;

  /** The entries are done with: acknowledged and removed. */
  acknowledge(instanceId: string, ids: readonly string[]): Promise<void>;

  stats(instanceId: string): Promise<InboxStats>;

  /** The id of the oldest entry that was read and not acknowledged: its first part is when it was sent, by the store's clock. */
  oldestPending(instanceId: string): Promise<string | undefined>;

  /**
   * The oldest entries of a dead instance, delivered or not, at most `limit`, all marked `again`; acknowledge them in its
   * name. Undecodable ones go to its dead letters. None unless `reaper` reaps it (`InstanceStore.beginReaping`).
   */
  salvage(deadInstanceId: string, reaper: string, limit: number): Promise<InboxEntry[]>;

  /**
   * Instances that have dead letters, also those that were retired since. For people: it looks through all keys, a few at
   * a time.
   */
  instancesWithDeadLetters(): Promise<string[]>;

  /** Dead letters of an instance after the entry id `after` ('' from the oldest), at most `limit`. */
  deadLetters(instanceId: string, after: string, limit: number): Promise<DeadLetter[]>;

  /**
   * Puts a dead letter into the inbox of `to` as a new entry and removes it; `gone` when it is not there. At least once:
   * when `to` is another instance, an answer that is not heard may leave both.
   */
  replayDeadLetter(
    instanceId: string,
    id: string,
    to: string,
  ): Promise<'replayed' | 'gone' | 'busy' | 'no_owner'>;

  /** Removes dead letters; returns how many there were. */
  dropDeadLetters(instanceId: string, ids: readonly string[]): Promise<number>;
}

export interface DeadLetter {
  readonly id: string;
  readonly payload: string;
  readonly sourceStream: string;
  readonly sourceId: string;
  readonly deliveries: number;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  readonly movedAtMs: number;
  readonly reason: string;
}
