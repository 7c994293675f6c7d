/** What a node's result means for the session. Pure. */
import { errorCodes } from '../protocol/error-codes.ts';
import type { JobResult } from '../protocol/node-messages.ts';
import { wordMax } from '../protocol/values.ts';
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

/** What a `MODEL_NOT_AVAILABLE` failure speaks of; older nodes name a model and its version otherwise. */
export interface MissingModel {
  readonly service: string | undefined;
  readonly version: string | undefined;
  readonly reason: string | undefined;
}

/** Undefined when the result says nothing of that kind. */
export function missingModel(result: JobResult): MissingModel | undefined {
  if (result.success || result.error?.code !== errorCodes.modelNotAvailable) return undefined;
  const { details } = result.error;
  const told = (typeof details === 'object' && details !== null ? details : {}) as Record<string, unknown>;
  return {
    service: textOf(told['service_id']) ?? textOf(told['model_id']),
    version: textOf(told['service_version']) ?? textOf(told['version']),
    reason: textOf(told['reason']),
  };
}

/** Remembered and logged, so a text that is too long to be a name counts as none. */
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= wordMax ? value : undefined;
