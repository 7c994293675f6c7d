/** Good messages of both sides, with every field drawn: what mutations begin with. */
import fc from 'fast-check';

export type Side = 'session' | 'node';
export type Message = Record<string, unknown>;

const id = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,24}$/);
const language = fc.constantFrom('auto', 'zh', 'en', 'ja', 'ko');
const flag = fc.boolean();
const uint = fc.nat();
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(maybe(value), { nil: null });

const features = fc.record({ emotion_detection: nullable(flag), persona_adaptation: nullable(flag) });
const languages = {
  src_lang: language,
  tgt_lang: language,
  dialect: nullable(text),
  features: nullable(features),
  mode: nullable(fc.constantFrom('one_way', 'two_way_auto')),
  auto_langs: nullable(fc.array(language, { maxLength: 4 })),
  trace_id: nullable(text),
};

const sessionInit = fc.record({
  type: fc.constant('session_init'),
  client_version: text,
  platform: text,
  tenant_id: nullable(text),
  ...languages,
});

const utterance = fc.record({
  type: fc.constant('utterance'),
  session_id: id,
  utterance_index: uint,
  manual_cut: flag,
  audio: fc.base64String({ maxLength: 80 }),
  audio_format: text,
  sample_rate: uint,
  request_id: nullable(id),
  ...languages,
});

const heartbeat = fc.record({
  type: fc.constant('client_heartbeat'),
  session_id: id,
  timestamp: fc.integer(),
});

const close = fc.record({ type: fc.constant('session_close'), session_id: id, reason: nullable(text) });

const service = fc.record({ service_id: text, version: nullable(text), platform: nullable(text) });
const states = fc.dictionary(text, fc.constantFrom('ready', 'downloading', 'not_installed', 'error'));

const register = fc.record({
  type: fc.constant('node_register'),
  node_id: nullable(id),
  version: text,
  capability_schema_version: nullable(fc.constant('1.0')),
  platform: text,
  hardware: fc.record({
    cpu_cores: uint,
    memory_gb: uint,
    gpus: fc.array(fc.record({ name: text, memory_gb: uint }), { maxLength: 2 }),
  }),
  installed_models: fc.constant([]),
  installed_services: nullable(fc.array(service, { maxLength: 3 })),
  features_supported: features,
  accept_public_jobs: flag,
  capability_state: nullable(states),
  max_concurrent_jobs: nullable(fc.integer({ min: 1, max: 100 })),
});

const nodeHeartbeat = fc.record({
  type: fc.constant('node_heartbeat'),
  node_id: id,
  timestamp: fc.integer(),
  resource_usage: fc.record({
    cpu_percent: fc.integer({ min: 0, max: 100 }),
    gpu_percent: nullable(fc.integer({ min: 0, max: 100 })),
    mem_percent: fc.integer({ min: 0, max: 100 }),
    running_jobs: uint,
  }),
  installed_services: nullable(fc.array(service, { maxLength: 3 })),
  capability_state: nullable(states),
});

const about = { job_id: id, attempt_id: uint, node_id: id, session_id: id, trace_id: nullable(text) };
const ack = fc.record({ type: fc.constantFrom('job_ack', 'job_started'), ...about });
const partial = fc.record({
  type: fc.constant('asr_partial'),
  job_id: id,
  node_id: id,
  session_id: id,
  utterance_index: uint,
  text,
  is_final: flag,
  trace_id: nullable(text),
});
const result = fc.record({
  type: fc.constant('job_result'),
  ...about,
  utterance_index: uint,
  success: flag,
  text_asr: nullable(text),
  text_translated: nullable(text),
  tts_audio: nullable(fc.base64String({ maxLength: 80 })),
  extra: nullable(
    fc.record({
      emotion: nullable(text),
      speech_rate: nullable(fc.double({ noNaN: true, noDefaultInfinity: true })),
    }),
  ),
  processing_time_ms: nullable(uint),
  error: nullable(fc.record({ code: text, message: text, details: maybe(fc.jsonValue()) })),
});
const nodeError = fc.record({ type: fc.constant('node_error'), node_id: id, code: text, message: text });

export const goodMessages: Record<Side, fc.Arbitrary<Message>> = {
  session: fc.oneof(sessionInit, utterance, heartbeat, close),
  node: fc.oneof(register, nodeHeartbeat, ack, partial, result, nodeError),
};
