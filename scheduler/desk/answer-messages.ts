/** What a session is sent for each thing that can become of its utterance. Pure. */
import type { Refusal } from '../decide/admission.ts';
import { errorCodes, hintFor } from '../protocol/error-codes.ts';
import type { SessionOutbound, UiEvent, UiEventName } from '../protocol/session-messages.ts';
import type { Answer } from '../store/store.ts';

export interface Subject {
  readonly sessionId: string;
  readonly jobId: string;
  readonly index: number;
  readonly traceId: string;
}

export function uiEvent(event: UiEventName, about: Subject, elapsedMs?: number): UiEvent {
  return {
    type: 'ui_event',
    trace_id: about.traceId,
    session_id: about.sessionId,
    job_id: about.jobId,
    utterance_index: about.index,
    event,
    ...(elapsedMs === undefined ? {} : { elapsed_ms: Math.round(elapsedMs) }),
    status: 'ok',
  };
}

export interface Circumstances {
  /** Since the utterance was read; undefined when another instance did that. */
  readonly elapsedMs: number | undefined;
  readonly nowMs: number;
  /** Number of the answer in its session, told to clients that acknowledge. */
  readonly seq: number | undefined;
}

/** The one terminal answer of a job as messages, in the order they are sent. */
export function answerMessages(answer: Answer, about: Subject, how: Circumstances): SessionOutbound[] {
  if (answer.kind === 'failure') return failureMessages(answer, about, how);
  const result: SessionOutbound = {
    type: 'translation_result',
    session_id: about.sessionId,
    utterance_index: about.index,
    job_id: about.jobId,
    text_asr: answer.textAsr,
    text_translated: answer.textTranslated,
    tts_audio: answer.ttsAudio,
    tts_format: answer.ttsFormat,
    extra: answer.extra,
    trace_id: answer.traceId,
    ...(how.seq === undefined ? {} : { seq: how.seq }),
  };
  const messages: SessionOutbound[] = [];
  if (answer.textAsr !== '') messages.push(uiEvent('ASR_FINAL', about, how.elapsedMs));
  if (answer.textTranslated !== '') messages.push(uiEvent('NMT_DONE', about, how.elapsedMs));
  messages.push(result);
  return messages;
}

/** A skipped index that nobody will submit any more. */
export const gapMessage = (
  sessionId: string,
  index: number,
  nowMs: number,
  traceId: string,
): SessionOutbound => ({
  type: 'missing_result',
  session_id: sessionId,
  utterance_index: index,
  reason: 'gap_timeout',
  created_at_ms: nowMs,
  trace_id: traceId,
});

/**
 * An utterance that was not taken on: its index is as if it had never been sent, and the client may send it again.
 *
 * @param why.requestId so that the client knows which one, when it has several of one index on their way
 */
export function refusalMessages(
  about: Subject,
  why: {
    readonly code: string;
    readonly message: string;
    readonly retryAfterMs: Refusal['retryAfterMs'];
    readonly requestId: string | undefined;
  },
): SessionOutbound[] {
  const { code, message, retryAfterMs, requestId } = why;
  const details = {
    retry_after_ms: retryAfterMs,
    utterance_index: about.index,
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
  return [errorEvent(code, about), { type: 'error', code, message, details }];
}

/** The `missing_result` takes the place of the index, so that a client that orders by index does not wait for it. */
function failureMessages(
  failure: Extract<Answer, { kind: 'failure' }>,
  about: Subject,
  { elapsedMs, nowMs, seq }: Circumstances,
): SessionOutbound[] {
  const { code, message, details } = failure;
  // The original tells the two apart: NODE_UNAVAILABLE in `error`, NO_AVAILABLE_NODE in `ui_event`.
  const eventCode = code === errorCodes.nodeUnavailable ? errorCodes.noAvailableNode : code;
  return [
    errorEvent(eventCode, about, elapsedMs),
    { type: 'error', code, message, ...(details === undefined ? {} : { details }) },
    {
      type: 'missing_result',
      session_id: about.sessionId,
      utterance_index: about.index,
      reason: 'failed',
      created_at_ms: nowMs,
      trace_id: failure.traceId,
      ...(seq === undefined ? {} : { seq }),
    },
  ];
}

const errorEvent = (code: string, about: Subject, elapsedMs?: number): UiEvent => ({
  ...uiEvent('ERROR', about, elapsedMs),
  status: 'error',
  error_code: code,
  hint: hintFor(code),
});
