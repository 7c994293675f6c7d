/**
 * Brings the answers of a session from its outbox to its socket, each once, in the order of the utterances. What a
 * client has acknowledged is trimmed; for a client that never does, what it was sent. A hint only says that there is
 * something to read. While a session is detached its answers only end their jobs, and wait in the outbox.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import { retrying, type Retry } from '../retry.ts';
import type { Answer, OutboxEntry, SessionStore } from '../store/store.ts';
import { answerMessages, gapMessage } from './answer-messages.ts';
import type { Answered, Release } from '../decide/delivery-order.ts';
import { RecentJobs } from './recent-jobs.ts';
import { Renumbering, type RenumberingDeps } from './renumbering.ts';
import type { Delivered, DeskSession, OpenJob } from './session.ts';

export interface DeliveryLimits {
  /** Answers of a resumed session that are held in memory or in its socket at once, in bytes; more are read later. */
  readonly resumeBytes: number;
}

export interface DeliveryDeps extends RenumberingDeps {
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly limits: DeliveryLimits;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The job has its answer: nothing more is done for it, and whoever is told of it was told that it was accepted. */
  readonly answered: (job: OpenJob, answer: Answer) => void;
}

/** Answers read at once, and how often it is looked whether the client has read those before. */
const readMax = 16;
const lookEveryMs = 20;

/**
 * After a take-over so many answers are put in order before the first is sent; more would have to be held in memory all
 * at once. Utterances that are further apart than this were not on their way together.
 */
const restoreMax = 256;

/** Trims of all sessions are put together for this long. */
const trimEveryMs = 1000;

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #reading = new Map<DeskSession, Promise<void>>();
  readonly #readAgain = new Set<DeskSession>();
  /** Those whose reader waits for the client: answers that come meanwhile wait behind it, in the outbox. */
  readonly #paced = new Set<DeskSession>();
  readonly #wakeUps = new Map<DeskSession, () => void>();
  readonly #toTrim = new Set<DeskSession>();
  readonly #renumbering: Renumbering;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#renumbering = new Renumbering(deps);
  }

  /** The session was taken over: what its client has not acknowledged is sent once more, when all of it is here. */
  async restore(session: DeskSession): Promise<void> {
    session.restoring = true;
    await this.catchUp(session);
  }

  /** The outbox holds answers up to `seq`, by its own count; `entries` are its newest. */
  results(session: DeskSession, seq: number, entries: readonly OutboxEntry[]): Promise<void> | void {
    const reading = this.#reading.get(session);
    if (reading) {
      this.#readAgain.add(session);
      // One that waits for its client would have the hint take its time for as long.
      return this.#paced.has(session) ? undefined : reading;
    }
    if (session.seqBase + seq <= session.seenSeq) return this.#heardBefore(session, entries);
    for (const entry of entries) {
      if (seqOf(session, entry) === session.seenSeq + 1) this.#take(session, entry);
    }
    this.#flush(session);
    if (session.seenSeq < session.seqBase + seq) return this.catchUp(session);
  }

  /** A hint that comes twice, unless a job in it has had no answer: then its number is one that was given before. */
  #heardBefore(session: DeskSession, entries: readonly OutboxEntry[]): Promise<void> | void {
    const isNew = entries.length === 0 || entries.some(({ jobId }) => session.jobs.has(jobId));
    if (isNew && session.jobs.size > 0) return this.#recount(session);
  }

  async #recount(session: DeskSession): Promise<void> {
    if (await this.#renumbering.check(session)) await this.catchUp(session);
  }

  /** Reads what the outbox holds beyond what was seen. One reader a session at a time. */
  catchUp(session: DeskSession): Promise<void> {
    this.#readAgain.add(session);
    const running = this.#reading.get(session);
    if (running) return running;
    const reading = this.#readWhileAsked(session);
    this.#reading.set(session, reading);
    return reading;
  }

  /** The store says that the job is finished: its answer is found, or given up when nobody keeps it any more. */
  async finished(job: OpenJob, lost: Answer): Promise<void> {
    await this.catchUp(job.session);
    if (!job.ended) await this.#recount(job.session);
    if (job.ended) return;
    this.#deps.log.warn({ jobId: job.jobId }, 'a finished job has no answer in its outbox');
    this.answerUnrecorded(job, lost);
  }

  /** An answer that never stood in the outbox: the store does not know the job. */
  answerUnrecorded(job: OpenJob, answer: Answer): void {
    const { session, jobId, index, beganMs } = job;
    this.#ended(job, answer);
    if (!session.link) return;
    this.#hold(session, { index, seq: 0, answer: { jobId, answer, beganMs } });
    this.#flush(session);
  }

  /** A client asks again for a job that it was told had failed: if its answer came meanwhile, it is sent now. */
  reveal(session: DeskSession, jobId: string): void {
    const entry = session.disowned?.get(jobId);
    if (!session.disowned?.delete(jobId) || !entry) return;
    session.order.restored(entry.utteranceIndex);
    this.#hold(session, answeredBy(session, entry, undefined));
    this.#flush(session);
  }

  /** All answers up to `lastSeq` have been handled, the client says; more than it was sent cannot be. */
  acknowledged(session: DeskSession, lastSeq: number): void {
    if (!session.resumable) return;
    const through = Math.min(lastSeq, this.#sentThrough(session));
    if (through <= session.doneSeq) return;
    session.doneSeq = through;
    this.#trimLater(session);
  }

  /** No more answers will follow: what is held back waits for nothing. */
  async end(session: DeskSession): Promise<void> {
    await this.catchUp(session);
    this.#release(session, Number.POSITIVE_INFINITY);
  }

  /** The session's socket is gone. */
  stop(session: DeskSession): void {
    this.#wakeUps.get(session)?.();
    this.#wakeUps.delete(session);
  }

  async #readWhileAsked(session: DeskSession): Promise<void> {
    try {
      while (this.#readAgain.delete(session)) await this.#readAll(session);
    } finally {
      this.#reading.delete(session);
      session.restoring = false;
    }
    this.#flush(session);
  }

  async #readAll(session: DeskSession): Promise<void> {
    const { sessions, retry } = this.#deps;
    let bytes = 0;
    for (let more = true; more && !session.closed;) {
      const from = session.seenSeq - session.seqBase;
      const entries = await retrying(() => sessions.readOutbox(session.sessionId, from, readMax), retry);
      for (const entry of entries) {
        this.#take(session, entry);
        bytes += bytesOf(entry.answer);
      }
      more = entries.length === readMax;
      if (!more || this.#isEnough(session, bytes)) session.restoring = false;
      if (!session.restoring) await this.#sendAsRead(session);
    }
  }

  /** A client that comes back to much is not given all of it at once, which would make it a slow reader. */
  async #sendAsRead(session: DeskSession): Promise<void> {
    if (hasLeft(session)) return;
    for (const item of session.order.release(this.#deps.clock.monotonic())) {
      this.#tell(session, item);
      if (this.#isBehind(session)) await this.#untilRead(session);
      if (hasLeft(session)) return;
    }
    this.#trimSent(session);
  }

  /** What was read to be put in order is as much as may be held. */
  #isEnough({ seenSeq, doneSeq }: DeskSession, bytes: number): boolean {
    return seenSeq - doneSeq >= restoreMax || bytes >= this.#deps.limits.resumeBytes;
  }

  #isBehind({ link }: DeskSession): boolean {
    return link !== undefined && link.unreadBytes() > this.#deps.limits.resumeBytes;
  }

  async #untilRead(session: DeskSession): Promise<void> {
    this.#paced.add(session);
    while (this.#isBehind(session)) await this.#deps.clock.sleep(lookEveryMs);
    this.#paced.delete(session);
  }

  #take(session: DeskSession, entry: OutboxEntry): void {
    const seq = seqOf(session, entry);
    if (session.closed || seq <= session.seenSeq) return;
    session.seenSeq = seq;
    const job = session.jobs.get(entry.jobId);
    if (!job && session.answered?.has(entry.jobId)) {
      this.#deps.metrics.staleResults.inc({ why: 'answered' });
      return;
    }
    if (job) {
      (session.answered ??= new RecentJobs()).add(job.jobId);
      this.#ended(job, entry.answer);
    }
    if (!session.link) return;
    if (!job && session.disowned?.has(entry.jobId)) {
      // It was answered already, without the outbox; a second answer would be one too many.
      session.disowned.set(entry.jobId, entry);
      this.#deps.metrics.staleResults.inc({ why: 'answered' });
      return;
    }
    if (!job) session.order.restored(entry.utteranceIndex);
    this.#hold(session, answeredBy(session, entry, job));
  }

  #ended(job: OpenJob, answer: Answer): void {
    const { clock, metrics, answered } = this.#deps;
    answered(job, answer);
    metrics.jobs.inc({ status: answer.kind === 'result' ? 'completed' : 'failed' });
    if (job.beganMs === undefined) return;
    metrics.jobSeconds.observe({ stage: 'answered' }, (clock.monotonic() - job.beganMs) / 1000);
  }

  #hold(session: DeskSession, answered: Answered<Delivered>): void {
    session.order.answered(answered, this.#deps.clock.monotonic());
  }

  #flush(session: DeskSession): void {
    // A reader sends what it has found itself.
    if (hasLeft(session) || this.#reading.has(session)) return;
    this.#release(session, this.#deps.clock.monotonic());
    this.#wakeLater(session);
  }

  #release(session: DeskSession, nowMs: number): void {
    if (!session.link) return;
    for (const item of session.order.release(nowMs)) this.#tell(session, item);
    this.#trimSent(session);
  }

  #tell(session: DeskSession, item: Release<Delivered>): void {
    const { link, sessionId, traceId } = session;
    if (item.kind === 'answer') this.#send(session, item.answered);
    else link?.send(gapMessage(sessionId, item.index, this.#deps.clock.now(), traceId));
  }

  /** A client that never acknowledges is taken to have had what it was sent. */
  #trimSent(session: DeskSession): void {
    if (session.resumable) return;
    const through = this.#sentThrough(session);
    if (through <= session.doneSeq) return;
    session.doneSeq = through;
    this.#trimLater(session);
  }

  #send(session: DeskSession, { index, seq, answer: { jobId, answer, beganMs } }: Answered<Delivered>): void {
    const { clock, metrics } = this.#deps;
    const elapsedMs = beganMs === undefined ? undefined : clock.monotonic() - beganMs;
    const about = { sessionId: session.sessionId, jobId, index, traceId: answer.traceId };
    const told = session.resumable && seq > 0 ? seq : undefined;
    const how = { elapsedMs, nowMs: clock.now(), seq: told };
    for (const message of answerMessages(answer, about, how)) session.link?.send(message);
    if (elapsedMs !== undefined) metrics.jobSeconds.observe({ stage: 'delivered' }, elapsedMs / 1000);
  }

  /** An answer that waits for a lower index is released when its hold ends, though nothing else happens. */
  #wakeLater(session: DeskSession): void {
    this.stop(session);
    const { clock } = this.#deps;
    const wakeAtMs = session.order.wakeAtMs();
    if (wakeAtMs === undefined) return;
    const cancel = clock.after(Math.max(1, Math.ceil(wakeAtMs - clock.monotonic())), () => {
      this.#flush(session);
    });
    this.#wakeUps.set(session, cancel);
  }

  /** Every answer up to here was sent; one that is held back keeps those after it. */
  #sentThrough(session: DeskSession): number {
    return (session.order.lowestHeldSeq() ?? session.seenSeq + 1) - 1;
  }

  #trimLater(session: DeskSession): void {
    if (this.#toTrim.size === 0) {
      this.#deps.clock.after(trimEveryMs, () => {
        this.#trimAll();
      });
    }
    this.#toTrim.add(session);
  }

  #trimAll(): void {
    for (const session of this.#toTrim) {
      const through = session.doneSeq - session.seqBase;
      if (session.closed || through <= 0) continue;
      // What is not trimmed now is trimmed with the next answer, or expires with the session.
      this.#deps.sessions.trimOutbox(session.sessionId, through).catch((error: unknown) => {
        this.#deps.log.debug({ err: error }, 'outbox could not be trimmed');
      });
    }
    this.#toTrim.clear();
  }
}

const hasLeft = ({ closed, link }: DeskSession): boolean => closed || !link;

const bytesOf = (answer: Answer): number =>
  answer.kind === 'failure' ? 0 : answer.ttsAudio.length + answer.textTranslated.length;

const seqOf = (session: DeskSession, entry: OutboxEntry): number => session.seqBase + entry.seq;

const answeredBy = (
  session: DeskSession,
  entry: OutboxEntry,
  job: OpenJob | undefined,
): Answered<Delivered> => ({
  index: entry.utteranceIndex,
  seq: seqOf(session, entry),
  answer: { jobId: entry.jobId, answer: entry.answer, beganMs: job?.beganMs },
});
