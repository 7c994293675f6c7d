/** What a node's result means for the session. Pure. */
import { errorCodes } from '../protocol/error-codes.ts';
import type { JobResult } from '../protocol/node-messages.ts';
import type { Answer } from '../store/store.ts';

export function answerOf(result: JobResult, traceId: string): Answer {
  if (!result.success) {
    const { code, message, details } = result.error ?? {
      code: errorCodes.internal,
      message: 'The node gave no reason',
      details: undefined,
    };
    return { kind: 'failure', code, message, ...(details === undefined ? {} : { details }), traceId };
  }
  return {
    kind: 'result',
    textAsr: result.text_asr ?? '',
    textTranslated: result.text_translated ?? '',
    ttsAudio: result.tts_audio ?? '',
    ttsFormat: result.tts_format ?? 'pcm16',
    ...(result.extra === undefined ? {} : { extra: result.extra }),
    traceId,
  };
}

/** The service a `MODEL_NOT_AVAILABLE` failure speaks of; older nodes name a model. */
export function missingService(result: JobResult): string | undefined {
  if (result.error?.code !== errorCodes.modelNotAvailable) return undefined;
  const details = result.error.details as { service_id?: unknown; model_id?: unknown } | null | undefined;
  const id = details?.service_id ?? details?.model_id;
  return typeof id === 'string' ? id : undefined;
}
