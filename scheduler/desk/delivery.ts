/**
 * Brings the answers of a session from its outbox to its socket: each once, in the order of the utterances, and trims
 * what was sent. A hint only says that there is something to read.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import { retrying, type Retry } from '../retry.ts';
import type { Answer, OutboxEntry, SessionStore } from '../store/store.ts';
import { answerMessages, gapMessage } from './answer-messages.ts';
import type { Delivered, DeskSession, OpenJob } from './session.ts';

export interface DeliveryDeps {
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly retry: Retry;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The job has its answer: nothing more is done for it. */
  readonly forget: (job: OpenJob) => void;
}

/** Answers read at once. */
const readMax = 64;

/** Trims of all sessions are put together for this long. */
const trimEveryMs = 1000;

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #reading = new Set<DeskSession>();
  readonly #readAgain = new Set<DeskSession>();
  readonly #wakeUps = new Map<DeskSession, () => void>();
  readonly #toTrim = new Set<DeskSession>();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** The outbox holds answers up to `seq`; `entries` are its newest. */
  async results(session: DeskSession, seq: number, entries: readonly OutboxEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.seq === session.seenSeq + 1) this.#take(session, entry);
    }
    this.#flush(session);
    if (session.seenSeq < seq) await this.catchUp(session);
  }

  /** Reads what the outbox holds beyond what was seen. One reader a session at a time. */
  async catchUp(session: DeskSession): Promise<void> {
    this.#readAgain.add(session);
    if (this.#reading.has(session)) return;
    this.#reading.add(session);
    try {
      while (this.#readAgain.delete(session)) await this.#readAll(session);
    } finally {
      this.#reading.delete(session);
    }
  }

  /** An answer that never stood in the outbox: the utterance could not be recorded at all. */
  answerUnrecorded(job: OpenJob, answer: Answer): void {
    this.#deps.forget(job);
    this.#answer(job, 0, answer);
    this.#flush(job.session);
  }

  /** The session's socket is gone. */
  stop(session: DeskSession): void {
    this.#wakeUps.get(session)?.();
    this.#wakeUps.delete(session);
    this.#toTrim.delete(session);
  }

  async #readAll(session: DeskSession): Promise<void> {
    const { sessions, retry } = this.#deps;
    for (let more = true; more && !session.closed;) {
      const from = session.seenSeq;
      const entries = await retrying(() => sessions.readOutbox(session.sessionId, from, readMax), retry);
      for (const entry of entries) this.#take(session, entry);
      this.#flush(session);
      more = entries.length === readMax;
    }
  }

  #take(session: DeskSession, entry: OutboxEntry): void {
    if (entry.seq <= session.seenSeq) return;
    session.seenSeq = entry.seq;
    const job = session.jobs.get(entry.jobId);
    if (!job) {
      // It was answered already, without the outbox; a second answer would be one too many.
      this.#deps.metrics.staleResults.inc({ why: 'answered' });
      return;
    }
    this.#deps.forget(job);
    this.#answer(job, entry.seq, entry.answer);
  }

  #answer(job: OpenJob, seq: number, answer: Answer): void {
    const { session, index, jobId, beganMs } = job;
    const nowMs = this.#deps.clock.monotonic();
    if (answer.kind === 'result') this.#deps.metrics.jobs.inc({ status: 'completed' });
    else this.#deps.metrics.jobs.inc({ status: 'failed' });
    this.#deps.metrics.jobSeconds.observe({ stage: 'answered' }, (nowMs - beganMs) / 1000);
    session.order.answered({ index, seq, answer: { jobId, index, answer, beganMs } }, nowMs);
  }

  #flush(session: DeskSession): void {
    if (session.closed) return;
    const { clock } = this.#deps;
    const released = session.order.release(clock.monotonic());
    for (const item of released) {
      if (item.kind === 'missing') {
        session.link.send(gapMessage(session.sessionId, item.index, clock.now(), session.traceId));
      } else {
        this.#send(session, item.answered.answer);
      }
    }
    if (released.length > 0) this.#trimLater(session);
    this.#wakeLater(session);
  }

  #send(session: DeskSession, { jobId, index, answer, beganMs }: Delivered): void {
    const { clock, metrics } = this.#deps;
    const elapsedMs = clock.monotonic() - beganMs;
    const about = { sessionId: session.sessionId, jobId, index, traceId: answer.traceId };
    for (const message of answerMessages(answer, about, { elapsedMs, nowMs: clock.now() })) {
      session.link.send(message);
    }
    metrics.jobSeconds.observe({ stage: 'delivered' }, elapsedMs / 1000);
  }

  /** An answer that waits for a lower index is released when its hold ends, though nothing else happens. */
  #wakeLater(session: DeskSession): void {
    this.#wakeUps.get(session)?.();
    this.#wakeUps.delete(session);
    const { clock } = this.#deps;
    const wakeAtMs = session.order.wakeAtMs();
    if (wakeAtMs === undefined) return;
    const cancel = clock.after(Math.max(1, Math.ceil(wakeAtMs - clock.monotonic())), () => {
      this.#flush(session);
    });
    this.#wakeUps.set(session, cancel);
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
      const through = (session.order.lowestHeldSeq() ?? session.seenSeq + 1) - 1;
      if (through <= session.trimmedSeq) continue;
      session.trimmedSeq = through;
      // What is not trimmed now is trimmed with the next answer, or expires with the session.
      this.#deps.sessions.trimOutbox(session.sessionId, through).catch((error: unknown) => {
        this.#deps.log.debug({ err: error }, 'outbox could not be trimmed');
      });
    }
    this.#toTrim.clear();
  }
}
