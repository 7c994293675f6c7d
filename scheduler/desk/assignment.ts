/** From an utterance to what a node is asked to do. Pure. */
import type { Assignment } from '../protocol/node-messages.ts';
import type { SessionInit, Utterance } from '../protocol/session-messages.ts';
import type { FeatureFlags } from '../protocol/values.ts';

export interface CoreServices {
  readonly asr_service_id: string;
  readonly nmt_service_id: string;
  readonly tts_service_id: string;
}

/** The service that serves each optional feature. */
const featureServices = {
  emotion_detection: 'emotion-xlm-r',
  speaker_identification: 'speaker-id-ecapa',
  speech_rate_detection: 'sr-d-v1',
  speech_rate_control: 'tts-vocoder-v1',
  persona_adaptation: 'persona-style-transformer',
  voice_style_detection: 'vc-model-v1',
} as const satisfies Record<keyof FeatureFlags, string>;

/** Service ids a node must have ready for this job; a core service with an empty id is not asked for. */
export function requiredServices(core: CoreServices, features: FeatureFlags | undefined): string[] {
  const always = [core.asr_service_id, core.nmt_service_id, core.tts_service_id].filter((id) => id !== '');
  if (!features) return always;
  const wanted = Object.entries(featureServices)
    .filter(([feature]) => features[feature as keyof FeatureFlags] === true)
    .map(([, service]) => service);
  return [...always, ...wanted];
}

/** What an utterance says of its job, whether it came whole or was cut from streamed audio. */
export type Spoken = Pick<
  Utterance,
  'utterance_index' | 'src_lang' | 'tgt_lang' | 'audio' | 'audio_format' | 'sample_rate'
> &
  Partial<Pick<Utterance, 'dialect' | 'features' | 'trace_id' | 'request_id'>>;

/** The mode and its languages are the session's; the rest is the utterance's, else the session's. */
export function assignmentOf(
  utterance: Spoken,
  session: { readonly sessionId: string; readonly init: SessionInit; readonly traceId: string },
  jobId: string,
): Assignment {
  const { init } = session;
  return {
    type: 'job_assign',
    job_id: jobId,
    session_id: session.sessionId,
    utterance_index: utterance.utterance_index,
    src_lang: utterance.src_lang,
    tgt_lang: utterance.tgt_lang,
    dialect: utterance.dialect,
    features: utterance.features ?? init.features,
    pipeline: { use_asr: true, use_nmt: true, use_tts: true },
    audio_format: utterance.audio_format,
    sample_rate: utterance.sample_rate,
    mode: init.mode,
    lang_a: init.lang_a,
    lang_b: init.lang_b,
    auto_langs: init.auto_langs,
    enable_streaming_asr: true,
    partial_update_interval_ms: 1000,
    trace_id: utterance.trace_id ?? session.traceId,
  };
}
