/** What a session is sent for each thing that can become of its utterance. Pure. */
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

/** The one terminal answer of a job as messages, in the order they are sent. */
export function answerMessages(
  answer: Answer,
  about: Subject,
  times: { readonly elapsedMs: number; readonly nowMs: number },
): SessionOutbound[] {
  if (answer.kind === 'failure') return failureMessages(answer, about, times);
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
  };
  return [
    ...(answer.textAsr === '' ? [] : [uiEvent('ASR_FINAL', about, times.elapsedMs)]),
    ...(answer.textTranslated === '' ? [] : [uiEvent('NMT_DONE', about, times.elapsedMs)]),
    result,
  ];
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

/** The `missing_result` takes the place of the index, so that a client that orders by index does not wait for it. */
function failureMessages(
  failure: Extract<Answer, { kind: 'failure' }>,
  about: Subject,
  times: { readonly elapsedMs: number; readonly nowMs: number },
): SessionOutbound[] {
  const { code, message, details } = failure;
  // The original tells the two apart: NODE_UNAVAILABLE in `error`, NO_AVAILABLE_NODE in `ui_event`.
  const eventCode = code === errorCodes.nodeUnavailable ? errorCodes.noAvailableNode : code;
  return [
    {
      ...uiEvent('ERROR', about, times.elapsedMs),
      status: 'error',
      error_code: eventCode,
      hint: hintFor(eventCode),
    },
    { type: 'error', code, message, ...(details === undefined ? {} : { details }) },
    {
      type: 'missing_result',
      session_id: about.sessionId,
      utterance_index: about.index,
      reason: 'failed',
      created_at_ms: times.nowMs,
      trace_id: failure.traceId,
    },
  ];
}
