/**
 * The owner's side: the sessions that are connected here, their utterances from acceptance to answer. This file opens
 * and closes sessions and says who handles what; `dispatcher.ts` moves jobs, `delivery.ts` brings answers.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { DeliveryOrder } from '../decide/delivery-order.ts';
import type { Post } from '../fleet/post.ts';
import { newJobId, newSessionId, newTraceId } from '../ids.ts';
import type { Metrics } from '../metrics.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { SessionInit, Utterance } from '../protocol/session-messages.ts';
import { retrying, type Retry } from '../retry.ts';
import type { HintOf } from '../store/hints.ts';
import type { JobStore, SessionStore } from '../store/store.ts';
import { uiEvent } from './answer-messages.ts';
import { assignmentOf, requiredServices, type CoreServices } from './assignment.ts';
import { Delivery } from './delivery.ts';
import { Dispatcher, type DispatchLimits } from './dispatcher.ts';
import { outboxEntries } from '../fleet/results-hint.ts';
import type { Placer } from './placer.ts';
import type { DeskSession, OpenJob, SessionLink } from './session.ts';

export interface DeskLimits extends DispatchLimits {
  readonly resultHoldMs: number;
  /** Life of a connected session's record between renewals. */
  readonly sessionTtlMs: number;
  /** How long a session's record and answers outlive its socket. */
  readonly sessionKeepMs: number;
}

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
  readonly log: Logger;
  readonly metrics: Metrics;
}

export class Desk {
  readonly #deps: DeskDeps;
  readonly #sessions = new Map<string, DeskSession>();
  readonly #dispatcher: Dispatcher;
  readonly #delivery: Delivery;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
    this.#delivery = new Delivery({
      ...deps,
      forget: (job) => {
        this.#forget(job);
      },
    });
    this.#dispatcher = new Dispatcher({ ...deps, events: this.#dispatcherEvents() });
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get jobCounts(): { waiting: number; running: number } {
    return this.#dispatcher.counts;
  }

  owns(jobId: string): boolean {
    return this.#dispatcher.job(jobId) !== undefined;
  }

  /** Creates the session and its record. @throws AppError `unavailable` when the store stays away */
  async open(init: SessionInit, link: SessionLink): Promise<DeskSession> {
    const { sessions, instanceId, random, limits, retry, log } = this.#deps;
    const sessionId = newSessionId(random);
    const record = {
      sessionId,
      owner: instanceId,
      attributes: JSON.stringify(init),
      ttlMs: limits.sessionTtlMs,
    };
    const { epoch } = await retrying(() => sessions.open(record), retry, openForMs);
    const session: DeskSession = {
      sessionId,
      init,
      traceId: init.trace_id ?? newTraceId(random),
      link,
      order: new DeliveryOrder(limits.resultHoldMs),
      jobs: new Map(),
      epoch,
      seenSeq: 0,
      trimmedSeq: 0,
      closed: false,
    };
    this.#sessions.set(sessionId, session);
    log.info({ sessionId, traceId: session.traceId, platform: init.platform }, 'session created');
    return session;
  }

  /** Resolves when the utterance is accepted, or has failed and the session was told. */
  async utterance(session: DeskSession, utterance: Utterance): Promise<void> {
    const { random, clock, core } = this.#deps;
    const jobId = newJobId(random);
    const assignment = assignmentOf(utterance, session, jobId);
    const job: OpenJob = {
      jobId,
      session,
      index: utterance.utterance_index,
      requestId: utterance.request_id,
      traceId: assignment.trace_id,
      assign: JSON.stringify(assignment),
      audio: utterance.audio,
      services: requiredServices(core, assignment.features),
      beganMs: clock.monotonic(),
      attempt: 0,
      failovers: 0,
      target: undefined,
      exclude: new Set(),
      waitUntilMs: undefined,
      owesFailover: false,
      told: false,
      moving: false,
      ended: false,
      cancelTimer: () => undefined,
    };
    session.jobs.set(jobId, job);
    session.order.submitted(job.index);
    await this.#dispatcher.submit(job);
  }

  /**
   * The session's socket is gone. Its record and answers live on for a while; what runs goes on running, and the sweep
   * ends what nobody answers for.
   */
  async close(session: DeskSession): Promise<void> {
    if (session.closed) return;
    session.closed = true;
    this.#sessions.delete(session.sessionId);
    this.#delivery.stop(session);
    for (const job of [...session.jobs.values()]) this.#forget(job);
    const { sessions, instanceId, limits, log } = this.#deps;
    const { sessionId, epoch } = session;
    log.info({ sessionId }, 'session closed');
    const release = { sessionId, epoch, owner: instanceId, keepMs: limits.sessionKeepMs };
    await sessions.release(release).catch((error: unknown) => {
      log.debug({ err: error, sessionId }, 'session could not be released; its keys expire');
    });
  }

  /** Sends sessions elsewhere: those that wait for nothing, or all. */
  sendAway(all: boolean): void {
    for (const session of this.#sessions.values()) {
      if (all || session.jobs.size === 0) session.link.close('goingAway');
    }
  }

  /** This instance has lost the right to any of it. */
  abandon(): void {
    for (const session of this.#sessions.values()) session.link.close('superseded');
  }

  /** The client says it is done: nobody waits for its open jobs any more. */
  async finish(session: DeskSession): Promise<void> {
    for (const job of [...session.jobs.values()]) {
      this.#dispatcher.cancel(job, 'session_closed');
      await this.#dispatcher.fail(job, errorCodes.sessionClosed, 'The session was closed');
    }
    await this.close(session);
  }

  refused(hint: HintOf<'refused'>): Promise<void> {
    return this.#dispatcher.refused(hint);
  }

  requeued(hint: HintOf<'requeued'>): void {
    this.#dispatcher.requeued(hint);
  }

  async results(hint: HintOf<'results'>): Promise<void> {
    const session = this.#sessions.get(hint.session_id);
    if (session) await this.#delivery.results(session, hint.seq, outboxEntries(hint));
  }

  progress(hint: HintOf<'progress'>): void {
    this.#sessions.get(hint.session_id)?.link.sendText(hint.message);
  }

  capacity(instanceId: string): void {
    this.#dispatcher.capacity(instanceId);
  }

  nodesChanged(): void {
    this.#dispatcher.wake();
  }

  instanceGone(instanceId: string): void {
    this.#dispatcher.instanceGone(instanceId);
  }

  /** Hints may have been missed: for a while others could not reach us, or the store lost its data. */
  recheck(): void {
    this.#dispatcher.recheck();
  }

  /** Extends the records of all connected sessions, and lets go of those that another instance took over. */
  async renew(): Promise<void> {
    const { sessions, instanceId, limits } = this.#deps;
    const held = [...this.#sessions.values()].map(({ sessionId, epoch }) => ({ sessionId, epoch }));
    if (held.length === 0) return;
    for (const sessionId of await sessions.renew(held, instanceId, limits.sessionTtlMs)) {
      const session = this.#sessions.get(sessionId);
      if (session) await this.#reassert(session);
    }
  }

  /**
   * The store does not think the session is ours. If it has forgotten the session (it lost its data), we who hold the
   * socket make it anew; if another instance owns it, our socket is the old one.
   */
  async #reassert(session: DeskSession): Promise<boolean> {
    const { sessions, instanceId, limits, log } = this.#deps;
    const record = await sessions.get(session.sessionId);
    if (session.closed) return false;
    if (record && record.owner !== instanceId) {
      log.warn(
        { sessionId: session.sessionId, owner: record.owner },
        'session was taken over by another instance',
      );
      session.link.close('superseded');
      return false;
    }
    const attributes = JSON.stringify(session.init);
    const anew = { sessionId: session.sessionId, owner: instanceId, attributes, ttlMs: limits.sessionTtlMs };
    // Its answers will be counted from the start; known before the store is asked, who may do it and not say so.
    if (!record) session.seenSeq = session.trimmedSeq = 0;
    session.epoch = (await sessions.open(anew)).epoch;
    log.warn({ sessionId: session.sessionId }, 'session was unknown to the store and was recorded again');
    return true;
  }

  #dispatcherEvents() {
    return {
      dispatched: (job: OpenJob) => {
        if (job.told) return;
        job.told = true;
        const about = {
          sessionId: job.session.sessionId,
          jobId: job.jobId,
          index: job.index,
          traceId: job.traceId,
        };
        job.session.link.send(uiEvent('DISPATCHED', about, this.#deps.clock.monotonic() - job.beganMs));
      },
      finished: (job: OpenJob) => {
        this.#background(this.#delivery.catchUp(job.session));
      },
      ended: (job: OpenJob, seq: number, answer: OpenJobAnswer) => {
        if (seq === 0) {
          this.#delivery.answerUnrecorded(job, answer);
          return;
        }
        const entry = { seq, jobId: job.jobId, utteranceIndex: job.index, answer };
        this.#background(this.#delivery.results(job.session, seq, [entry]));
      },
      duplicate: (job: OpenJob) => {
        job.session.jobs.delete(job.jobId);
        job.session.order.withdrawn(job.index);
      },
      reassert: (session: DeskSession) => this.#reassert(session),
    };
  }

  #forget(job: OpenJob): void {
    this.#dispatcher.forget(job);
    job.session.jobs.delete(job.jobId);
  }

  #background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#deps.log.error({ err: error }, 'answers could not be delivered');
    });
  }
}

type OpenJobAnswer = Parameters<Delivery['answerUnrecorded']>[1];

/** How long a client waits for its session while the store is away, before it is told. */
const openForMs = 5000;
