/** Utterances on their way in: whole or as streamed audio, taken on or refused. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { refusalOf, type AdmissionLimits, type Refusal } from '../decide/admission.ts';
import type { CutReason } from '../decide/segmentation.ts';
import { newJobId } from '../ids.ts';
import type { Metrics } from '../metrics.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { AudioChunk } from '../protocol/session-messages.ts';
import type { CoreServices, Spoken } from './assignment.ts';
import type { Dispatcher } from './dispatcher.ts';
import { tellAccepted, tellRefused } from './notices.ts';
import { jobFromUtterance } from './open-job.ts';
import type { DeskSession, OpenJob } from './session.ts';
import { Speech, speechFormat } from './speech.ts';

export interface IntakeLimits extends AdmissionLimits {
  /** Silence that ends an utterance of streamed audio; 0: only the client's word does. */
  readonly pauseMs: number;
  /** Streamed audio that one utterance may hold. */
  readonly maxSpeechBytes: number;
}

interface IntakeDeps {
  readonly dispatcher: Dispatcher;
  readonly core: CoreServices;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: IntakeLimits;
  /** How late the event loop is, in milliseconds. */
  readonly loopDelayMs: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const refusalTexts = {
  session_jobs: 'This session has too many utterances without an answer',
  unacknowledged: 'This session has too many answers that are not acknowledged',
  waiting_jobs: 'Too many jobs wait for a node',
  event_loop: 'The scheduler is overloaded',
} as const satisfies Record<Refusal['cause'], string>;

export class Intake {
  readonly #deps: IntakeDeps;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    deps.metrics.webTaskPauseMs.set(deps.limits.pauseMs);
  }

  /** Resolves when the utterance is accepted, or has failed; one that is refused was so at once, and the session was told. */
  utterance(session: DeskSession, utterance: Spoken): Promise<void> | void {
    const refusal = this.#refusalOf(session);
    if (refusal) {
      this.#refuse(session, utterance, refusal);
      return;
    }
    const { random, core, clock, dispatcher } = this.#deps;
    const job = jobFromUtterance(session, utterance, newJobId(random), { core, nowMs: clock.monotonic() });
    session.jobs.set(job.jobId, job);
    session.order.submitted(job.index);
    session.nextIndex = Math.max(session.nextIndex, job.index + 1);
    return dispatcher.submit(job);
  }

  /** A piece of speech. Resolves as `utterance` does for what it has completed. */
  async audioChunk(session: DeskSession, chunk: AudioChunk): Promise<void> {
    session.speech ??= this.#listen(session);
    await session.speech.chunk(chunk);
  }

  #listen(session: DeskSession): Speech {
    const { clock, limits, log } = this.#deps;
    return new Speech({
      clock,
      limits: { pauseMs: limits.pauseMs, maxBytes: limits.maxSpeechBytes },
      onUtterance: (audio, reason) => this.#spoken(session, audio, reason),
      onFailure: (error) => {
        log.error({ err: error, sessionId: session.sessionId }, 'streamed audio failed');
      },
    });
  }

  async #spoken(session: DeskSession, audio: string, reason: CutReason): Promise<void> {
    this.#deps.metrics.webTasksFinalized.inc({ reason });
    const { src_lang, tgt_lang, dialect } = session.init;
    await this.utterance(session, {
      utterance_index: session.nextIndex,
      audio,
      ...speechFormat,
      src_lang,
      tgt_lang,
      dialect,
    });
  }

  #refusalOf(session: DeskSession): Refusal | undefined {
    const load = {
      openJobs: session.jobs.size,
      unacknowledged: session.resumable ? session.seenSeq - session.doneSeq : 0,
      waitingJobs: this.#deps.dispatcher.waitingCount,
      loopDelayMs: this.#deps.loopDelayMs(),
    };
    return refusalOf(load, this.#deps.limits);
  }

  #refuse(session: DeskSession, utterance: Spoken, { cause, retryAfterMs }: Refusal): void {
    const { utterance_index: index, request_id: requestId, trace_id: traceId = session.traceId } = utterance;
    const open = requestId === undefined ? undefined : openRequest(session, requestId);
    if (open) {
      tellAccepted({ ...open, index, traceId }, open.jobId, true);
      return;
    }
    this.#deps.metrics.overloadRefused.inc({ reason: cause });
    const why = { code: errorCodes.nodeOverloaded, message: refusalTexts[cause], retryAfterMs };
    tellRefused(session, { jobId: '', index, traceId, requestId }, why);
  }
}

/** A request that is open already is no new work, and to call it refused would be wrong. */
function openRequest({ jobs }: DeskSession, requestId: string): OpenJob | undefined {
  for (const job of jobs.values()) if (job.accepted && job.requestId === requestId) return job;
  return undefined;
}
