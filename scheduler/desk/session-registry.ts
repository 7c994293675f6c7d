/**
 * The sessions of this instance and their records: opened, taken over, kept alive, detached when their socket ends, and
 * let go. It knows nothing of jobs and answers; `desk.ts` joins them.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { toAppError } from '../../common/errors.ts';
import { DeliveryOrder } from '../decide/delivery-order.ts';
import { newSessionId, newTraceId } from '../ids.ts';
import type { SessionInit } from '../protocol/session-messages.ts';
import { retrying, type Retry } from '../retry.ts';
import type { OpenJobRecord, SessionRecord, SessionStore } from '../store/store.ts';
import { decodeAttributes, encodeAttributes } from './attributes.ts';
import { decodeResumeToken } from './resume-token.ts';
import type { DeskSession, SessionLink } from './session.ts';

export interface SessionLimits {
  readonly resultHoldMs: number;
  /** Life of a session's record between renewals. */
  readonly sessionTtlMs: number;
  /** How long a session outlives its socket, and its record and answers outlive the session. */
  readonly sessionKeepMs: number;
  /** Sessions without a socket that are kept at once; the longest detached goes first. */
  readonly maxDetached: number;
}

interface RegistryDeps {
  readonly instanceId: string;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: Retry;
  readonly limits: SessionLimits;
  readonly log: Logger;
  /** The session is not ours any more: nothing of it may have an effect from here. */
  readonly onDropped: (session: DeskSession) => void;
}

/** What a resume token has brought. */
export type TakenOver =
  | {
      readonly kind: 'taken';
      readonly session: DeskSession;
      readonly previousOwner: string;
      readonly open: readonly OpenJobRecord[];
    }
  /** The store does not know the session, or not any more. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'denied' };

/** Sessions whose ownership is cleared up at once. */
const reassertMax = 100;

/** How long a client waits for its session while the store is away, before it is told. */
const openForMs = 5000;

export class SessionRegistry {
  readonly #deps: RegistryDeps;
  readonly #sessions = new Map<string, DeskSession>();
  /** Sessions without a socket, the longest first, and what stops their time. */
  readonly #detached = new Map<DeskSession, () => void>();
  readonly #reasserting = new Map<DeskSession, Promise<boolean>>();

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  get connectedCount(): number {
    return this.#sessions.size - this.#detached.size;
  }

  get detachedCount(): number {
    return this.#detached.size;
  }

  get(sessionId: string): DeskSession | undefined {
    return this.#sessions.get(sessionId);
  }

  values(): IterableIterator<DeskSession> {
    return this.#sessions.values();
  }

  /** Creates a session and its record. @throws AppError `unavailable` when the store stays away */
  async open(init: SessionInit): Promise<DeskSession> {
    const { sessions, instanceId, random, limits, retry } = this.#deps;
    const sessionId = newSessionId(random);
    const secret = random.id();
    const asked = { ...init, trace_id: init.trace_id ?? newTraceId(random) };
    const attributes = encodeAttributes({ init: asked, seqBase: 0 });
    const record = {
      sessionId,
      owner: instanceId,
      attributes,
      resumeToken: secret,
      ttlMs: limits.sessionTtlMs,
    };
    const { epoch } = await retrying(() => sessions.open(record), retry, openForMs);
    return this.#build({ sessionId, secret, epoch, init: asked, seqBase: 0, wants: init });
  }

  /** Makes the session of a token ours, as its record has it. @throws AppError `unavailable` when the store stays away */
  async takeOver(text: string, wants: SessionInit): Promise<TakenOver> {
    const { sessions, instanceId, limits, retry } = this.#deps;
    const token = decodeResumeToken(text);
    if (!token) return { kind: 'denied' };
    const { sessionId, secret } = token;
    const ask = { sessionId, owner: instanceId, resumeToken: secret, ttlMs: limits.sessionTtlMs };
    const taken = await retrying(() => sessions.takeOver(ask), retry, openForMs);
    if (taken.kind !== 'taken') return taken;
    const { previousOwner, open } = taken;
    const session = this.#rebuild(taken.session, secret, wants);
    const lastSeq = wants.last_seq ?? 0;
    if (lastSeq > session.doneSeq) await this.#countOn(session, lastSeq, taken.session.acknowledged);
    return { kind: 'taken', session, previousOwner, open };
  }

  /** Lets the session begin here; false when a younger ownership of it has begun already. */
  add(session: DeskSession, link: SessionLink): boolean {
    if (session.closed) return false;
    const known = this.#sessions.get(session.sessionId);
    if (known && known.epoch > session.epoch) return false;
    if (known) this.supersede(known);
    session.link = link;
    this.#sessions.set(session.sessionId, session);
    return true;
  }

  /** The session's socket ended: its client may come back for a while, anywhere. */
  detach(session: DeskSession): void {
    const { clock, limits, log } = this.#deps;
    session.link = undefined;
    const cancel = clock.after(limits.sessionKeepMs, () => void this.release(session, limits.sessionKeepMs));
    this.#detached.set(session, cancel);
    log.info({ sessionId: session.sessionId, openJobs: session.jobs.size }, 'session detached');
    const [longest] = this.#detached.keys();
    if (longest && this.#detached.size > limits.maxDetached) void this.release(longest, limits.sessionKeepMs);
  }

  /** Ends our ownership; record and answers live on for `keepMs`. What runs goes on running, and the sweep ends the rest. */
  async release(session: DeskSession, keepMs: number): Promise<void> {
    if (session.closed) return;
    this.#drop(session);
    const { sessions, instanceId, log } = this.#deps;
    const { sessionId, epoch } = session;
    log.info({ sessionId }, 'session closed');
    await sessions.release({ sessionId, epoch, owner: instanceId, keepMs }).catch((error: unknown) => {
      log.debug({ err: error, sessionId }, 'session could not be released; its keys expire');
    });
  }

  /** A younger ownership has begun, here or elsewhere: the socket of this one is the old one. */
  supersede(session: DeskSession): void {
    const { link } = session;
    this.#drop(session);
    link?.close('superseded');
  }

  /** Extends the records of all our sessions, and lets go of those that another instance took over. */
  async renew(): Promise<void> {
    const { sessions, instanceId, limits } = this.#deps;
    const held = [...this.#sessions.values()].map(({ sessionId, epoch }) => ({ sessionId, epoch }));
    if (held.length === 0) return;
    const lost = await sessions.renew(held, instanceId, limits.sessionTtlMs);
    // After the store lost its data that may be all of them, which their clients wait for.
    for (let from = 0; from < lost.length; from += reassertMax) {
      const some = lost.slice(from, from + reassertMax).flatMap((id) => this.#sessions.get(id) ?? []);
      await Promise.all(some.map((session) => this.reassert(session)));
    }
  }

  /**
   * The store does not think the session is ours. If it has forgotten the session (it lost its data), we make it anew;
   * if another instance owns it, we let go. True when it is ours.
   */
  reassert(session: DeskSession): Promise<boolean> {
    const running = this.#reasserting.get(session);
    if (running) return running;
    const asking = this.#reassert(session).finally(() => this.#reasserting.delete(session));
    this.#reasserting.set(session, asking);
    return asking;
  }

  async #reassert(session: DeskSession): Promise<boolean> {
    const { sessions, instanceId, log } = this.#deps;
    const { sessionId } = session;
    const record = await sessions.get(sessionId);
    if (session.closed) return false;
    if (record && (record.owner !== instanceId || record.epoch !== session.epoch)) {
      log.warn({ sessionId, owner: record.owner }, 'session was taken over by another connection');
      this.supersede(session);
      return false;
    }
    if (record) return true;
    // The new outbox counts from the start; known before the store is asked, who may do it and not say so.
    session.seqBase = session.seenSeq;
    if (!(await this.#record(session))) return false;
    log.warn({ sessionId }, 'session was unknown to the store and was recorded again');
    return true;
  }

  /** The store came back without its newest answers and hands out their numbers anew; it remembers what is added to them. */
  async renumbered(session: DeskSession): Promise<void> {
    const { log } = this.#deps;
    log.warn({ sessionId: session.sessionId }, 'the store lost the newest answers of a session');
    await this.#record(session);
  }

  /**
   * The client has had answers that the store knows nothing of: it lost its newest. Which of those it has now are new
   * nobody can tell, so all that were not acknowledged come once more, under numbers that the client has not had.
   */
  async #countOn(session: DeskSession, lastSeq: number, acknowledged: number): Promise<void> {
    session.seqBase = lastSeq - acknowledged;
    session.seenSeq = session.doneSeq = lastSeq;
    session.nextIndex = Math.max(session.nextIndex, lastSeq);
    await this.renumbered(session);
  }

  /** Writes down what we know of the session; false when it is another's meanwhile. */
  async #record(session: DeskSession): Promise<boolean> {
    const { sessions, instanceId, limits } = this.#deps;
    const { sessionId, secret: resumeToken } = session;
    const attributes = encodeAttributes(session);
    const anew = { sessionId, owner: instanceId, attributes, resumeToken, ttlMs: limits.sessionTtlMs };
    try {
      session.epoch = (await sessions.open(anew)).epoch;
    } catch (error) {
      if (toAppError(error).code !== 'conflict') throw error;
      this.supersede(session);
      return false;
    }
    return true;
  }

  #drop(session: DeskSession): void {
    session.closed = true;
    session.link = undefined;
    this.#detached.get(session)?.();
    this.#detached.delete(session);
    if (this.#sessions.get(session.sessionId) === session) this.#sessions.delete(session.sessionId);
    this.#deps.onDropped(session);
  }

  #rebuild(record: SessionRecord, secret: string, wants: SessionInit): DeskSession {
    const { sessionId, epoch } = record;
    const { init, seqBase } = decodeAttributes(record.attributes) ?? { init: wants, seqBase: 0 };
    const session = this.#build({ sessionId, secret, epoch, init, seqBase, wants });
    const newest = seqBase + record.seq;
    const handled = Math.min(wants.last_seq ?? 0, newest);
    session.seenSeq = session.doneSeq = Math.max(seqBase + record.acknowledged, handled);
    // Each answer so far was one utterance, so what has no answer and is not open yet comes after.
    session.nextIndex = newest;
    return session;
  }

  #build(facts: {
    sessionId: string;
    secret: string;
    epoch: number;
    init: SessionInit;
    seqBase: number;
    /** What this connection understands. */
    wants: SessionInit;
  }): DeskSession {
    const { wants, init, ...record } = facts;
    const extensions = wants.extensions ?? [];
    return {
      ...record,
      init,
      traceId: init.trace_id ?? newTraceId(this.#deps.random),
      resumable: extensions.includes('resume') || wants.resume_token !== undefined,
      tellAccepted: extensions.includes('job_accepted'),
      order: new DeliveryOrder(this.#deps.limits.resultHoldMs),
      jobs: new Map(),
      link: undefined,
      seenSeq: 0,
      doneSeq: 0,
      restoring: false,
      nextIndex: 0,
      speech: undefined,
      disowned: undefined,
      answered: undefined,
      leaving: false,
      closed: false,
    };
  }
}
