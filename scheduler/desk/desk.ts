/**
 * The owner's side: the sessions of this instance, their utterances from acceptance to answer. This file says who handles
 * what: `session-registry.ts` keeps sessions, `intake.ts` takes utterances on, `dispatcher.ts` moves jobs, `delivery.ts`
 * brings answers, and `job-lifecycle.ts` joins the last two.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { outboxEntries } from '../store/job-hints.ts';
import type { Post } from '../fleet/post.ts';
import type { Metrics } from '../metrics.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { AudioChunk, SessionInit, Utterance } from '../protocol/session-messages.ts';
import type { Retry } from '../retry.ts';
import type { HintOf } from '../store/hints.ts';
import type { JobStore, SessionStore } from '../store/store.ts';
import { Arrivals, type Arrival } from './arrivals.ts';
import type { CoreServices } from './assignment.ts';
import type { DeliveryLimits } from './delivery.ts';
import { Intake, type IntakeLimits } from './intake.ts';
import { JobLifecycle } from './job-lifecycle.ts';
import type { DispatchLimits } from './dispatch-limits.ts';
import { greet } from './notices.ts';
import type { Placer } from './placer.ts';
import { SessionRegistry, type SessionLimits, type TakenOver } from './session-registry.ts';
import type { DeskSession, SessionLink } from './session.ts';

export interface DeskLimits extends DispatchLimits, SessionLimits, IntakeLimits, DeliveryLimits {}

export interface DeskDeps {
  readonly instanceId: string;
  readonly sessions: SessionStore;
  readonly jobs: JobStore;
  readonly placer: Placer;
  readonly post: Post;
  readonly core: CoreServices;
  readonly clock: Clock;
  readonly random: Random;
  readonly retry: Retry;
  readonly limits: DeskLimits;
  /** How late the event loop is, in milliseconds. */
  readonly loopDelayMs: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How long the last owner of a session is tried to be told that it is another's. */
const tellForMs = 5000;

/** A session that its client closed is not kept for anybody. */
const closedKeepMs = 0;

export class Desk {
  readonly #deps: DeskDeps;
  readonly #arrivals: Arrivals;
  readonly #sessions: SessionRegistry;
  readonly #lives: JobLifecycle;
  readonly #intake: Intake;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    this.#arrivals = new Arrivals(deps.clock);
    this.#sessions = new SessionRegistry({
      ...deps,
      onDropped: (session) => {
        this.#dropped(session);
      },
    });
    this.#lives = new JobLifecycle({
      ...deps,
      reassert: (session) => this.#sessions.reassert(session),
      renumbered: (session) => this.#sessions.renumbered(session),
    });
    this.#intake = new Intake({ ...deps, dispatcher: this.#lives.dispatcher });
  }

  /** Sessions with a connection. */
  get sessionCount(): number {
    return this.#sessions.connectedCount;
  }

  /** From what to what each connected session translates. */
  get languages(): { readonly source: string; readonly target: string }[] {
    const connected = [...this.#sessions.values()].filter(({ link }) => link !== undefined);
    return connected.map(({ init }) => ({ source: init.src_lang, target: init.tgt_lang }));
  }

  /** Sessions that are kept for clients that may come back. */
  get detachedCount(): number {
    return this.#sessions.detachedCount;
  }

  get jobCounts(): { waiting: number; running: number } {
    return this.#lives.dispatcher.counts;
  }

  owns(jobId: string): boolean {
    return this.#lives.dispatcher.job(jobId) !== undefined;
  }

  // -------------------------------------------------------------- sessions

  /**
   * Begins a session, or takes up that of an earlier connection, when it is its turn. Undefined is begun when the token is
   * not the session's. @throws AppError `unavailable` when the store stays away
   */
  async arrive(init: SessionInit, link: SessionLink): Promise<Arrival<DeskSession | undefined>> {
    const { resume_token: token } = init;
    const arrival = await this.#arrivals.take({
      begin: () => (token === undefined ? this.#open(init, link) : this.#resume(token, init, link)),
      isGone: () => link.isClosed(),
      comesAgain: token !== undefined,
    });
    if (arrival.kind === 'busy') this.#deps.metrics.sessionsResumed.inc({ result: 'busy' });
    return arrival;
  }

  utterance(session: DeskSession, utterance: Utterance): Promise<void> | void {
    return this.#intake.utterance(session, utterance);
  }

  audioChunk(session: DeskSession, chunk: AudioChunk): Promise<void> {
    return this.#intake.audioChunk(session, chunk);
  }

  /** The client has handled all answers up to `lastSeq`. */
  acknowledged(session: DeskSession, lastSeq: number): void {
    this.#lives.delivery.acknowledged(session, lastSeq);
  }

  /** The session's socket is gone. A client that can come back finds its session as it left it, for a while. */
  async disconnected(session: DeskSession): Promise<void> {
    if (session.closed) return;
    this.#lives.delivery.stop(session);
    session.speech?.stop();
    session.speech = undefined;
    if (session.resumable) this.#sessions.detach(session);
    else await this.#sessions.release(session, this.#deps.limits.sessionKeepMs);
  }

  /** The client says it is done: nobody waits for its open jobs any more, and nobody comes back. */
  async finish(session: DeskSession): Promise<void> {
    const { dispatcher, delivery } = this.#lives;
    session.speech?.stop();
    const ending = [...session.jobs.values()].map((job) => {
      dispatcher.cancel(job, 'session_closed');
      return dispatcher.fail(job, errorCodes.sessionClosed, 'The session was closed');
    });
    await Promise.all(ending);
    await delivery.end(session);
    await this.#sessions.release(session, closedKeepMs);
  }

  /** Connected sessions that lose nothing by going elsewhere. */
  get idleCount(): number {
    return this.#idle().length;
  }

  /** Sends such sessions elsewhere, at most so many; those without open jobs first. */
  sendAwayIdle(max: number): void {
    const idle = this.#idle().sort((a, b) => a.jobs.size - b.jobs.size);
    for (const session of idle.slice(0, max)) this.#sendAway(session);
  }

  sendAwayAll(): void {
    for (const session of this.#sessions.values()) this.#sendAway(session);
  }

  /** This instance has lost the right to any of it. */
  abandon(): void {
    for (const session of this.#sessions.values()) session.link?.close('superseded');
    void this.leave();
  }

  /** Lets go of all sessions: whoever takes them up need not wait for anything of ours to expire. */
  async leave(): Promise<void> {
    const { sessionKeepMs } = this.#deps.limits;
    const sessions = [...this.#sessions.values()];
    await Promise.all(sessions.map((session) => this.#sessions.release(session, sessionKeepMs)));
  }

  /** Extends the records of all sessions, and lets go of those that another instance took over. */
  renew(): Promise<void> {
    return this.#sessions.renew();
  }

  // ----------------------------------------------------------------- hints

  refused(hint: HintOf<'refused'>): Promise<void> {
    return this.#lives.dispatcher.refused(hint);
  }

  requeued(hint: HintOf<'requeued'>): Promise<void> | void {
    return this.#lives.dispatcher.requeued(hint);
  }

  results(hint: HintOf<'results'>): Promise<void> | void {
    const session = this.#sessions.get(hint.session_id);
    if (session) return this.#lives.delivery.results(session, hint.seq, outboxEntries(hint));
  }

  progress(hint: HintOf<'progress'>): void {
    this.#sessions.get(hint.session_id)?.link?.sendText(hint.message);
  }

  superseded(hint: HintOf<'superseded'>): void {
    const session = this.#sessions.get(hint.session_id);
    if (session && session.epoch < hint.epoch) this.#sessions.supersede(session);
  }

  capacity(instanceId: string): void {
    this.#lives.dispatcher.capacity(instanceId);
  }

  nodesChanged(): void {
    this.#lives.dispatcher.wake();
  }

  instanceGone(instanceId: string): void {
    this.#lives.dispatcher.instanceGone(instanceId);
  }

  instanceReturned(instanceId: string): void {
    this.#lives.dispatcher.instanceReturned(instanceId);
  }

  /** Hints may have been missed: for a while others could not reach us, or the store lost its data. */
  recheck(): void {
    this.#lives.dispatcher.recheck();
  }

  /** Creates the session and its record. */
  async #open(init: SessionInit, link: SessionLink): Promise<DeskSession> {
    const session = await this.#sessions.open(init);
    this.#sessions.add(session, link);
    this.#deps.log.info({ sessionId: session.sessionId, platform: init.platform }, 'session created');
    greet(session, this.#deps.limits.sessionKeepMs, init.resume_token === undefined ? undefined : false);
    return session;
  }

  /** A session that the store does not know is begun anew. */
  async #resume(token: string, init: SessionInit, link: SessionLink): Promise<DeskSession | undefined> {
    const taken = await this.#sessions.takeOver(token, init);
    this.#deps.metrics.sessionsResumed.inc({ result: taken.kind });
    if (taken.kind === 'denied') return undefined;
    if (taken.kind === 'unknown') return this.#open(init, link);
    this.#takeUp(taken, link);
    return taken.session;
  }

  /** The client is greeted first, then hears which of its jobs go on, then what it missed. */
  #takeUp(taken: Extract<TakenOver, { kind: 'taken' }>, link: SessionLink): void {
    const { instanceId, limits, post, log } = this.#deps;
    const { session, previousOwner, open } = taken;
    const { sessionId, epoch } = session;
    const before = this.#sessions.get(sessionId);
    const jobsBefore = new Map(before?.jobs);
    if (!this.#sessions.add(session, link)) {
      link.close('superseded');
      return;
    }
    session.disowned = before?.disowned;
    log.info({ sessionId, epoch, previousOwner, openJobs: open.length }, 'session resumed');
    greet(session, limits.sessionKeepMs, true);
    for (const record of open) this.#lives.adopt(session, record, jobsBefore.get(record.jobId));
    this.#lives.background(this.#lives.delivery.restore(session));
    if (previousOwner === instanceId) return;
    void post.sendPatiently(previousOwner, { type: 'superseded', session_id: sessionId, epoch }, tellForMs);
  }

  #idle(): DeskSession[] {
    return [...this.#sessions.values()].filter(
      (session) => session.link && !session.leaving && canLeave(session),
    );
  }

  #sendAway(session: DeskSession): void {
    session.leaving = true;
    session.link?.close('goingAway');
  }

  #dropped(session: DeskSession): void {
    this.#lives.delivery.stop(session);
    session.speech?.stop();
    for (const job of [...session.jobs.values()]) this.#lives.forget(job);
  }
}

/** A session that can be resumed takes its jobs along, once they are recorded. */
function canLeave({ jobs, resumable }: DeskSession): boolean {
  if (!resumable) return jobs.size === 0;
  for (const job of jobs.values()) if (!job.accepted) return false;
  return true;
}
