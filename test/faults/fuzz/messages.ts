/** Good messages of both sides, with every field drawn: what mutations begin with. */
import fc from 'fast-check';

export type Side = 'session' | 'node' | 'hint';
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

/** As far as its form goes. */
const resumeToken = fc
  .tuple(id, fc.stringMatching(/^[0-9a-f]{32}$/))
  .map(([session, secret]) => `${session}.${secret}`);

const sessionInit = fc.record({
  type: fc.constant('session_init'),
  client_version: text,
  platform: text,
  tenant_id: nullable(text),
  pairing_code: nullable(text),
  extensions: nullable(fc.array(fc.constantFrom('resume', 'job_accepted', 'else'), { maxLength: 4 })),
  resume_token: nullable(resumeToken),
  last_seq: nullable(uint),
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
  last_seq: nullable(uint),
});

const acknowledgement = fc.record({ type: fc.constant('session_ack'), session_id: id, last_seq: uint });

const chunk = fc.record({
  type: fc.constant('audio_chunk'),
  session_id: id,
  seq: nullable(uint),
  is_final: flag,
  payload: nullable(fc.base64String({ maxLength: 80 })),
});

const close = fc.record({ type: fc.constant('session_close'), session_id: id, reason: nullable(text) });

const service = fc.record({
  service_id: text,
  version: nullable(text),
  platform: nullable(text),
  type: nullable(fc.constantFrom('asr', 'nmt', 'tts')),
});
const states = fc.dictionary(text, fc.constantFrom('ready', 'downloading', 'not_installed', 'error'));

const byType = fc.array(
  fc.record({
    type: fc.constantFrom('asr', 'nmt', 'tts', 'tone', 'semantic'),
    ready: flag,
    reason: nullable(text),
    ready_impl_ids: nullable(fc.array(text, { maxLength: 3 })),
  }),
  { maxLength: 5 },
);
const someLanguages = nullable(fc.array(language, { maxLength: 4 }));
const spoken = fc.record({
  asr_languages: someLanguages,
  tts_langs: someLanguages,
  nmt_pairs: nullable(
    fc.array(fc.record({ src_lang: nullable(language), tgt_lang: nullable(language) }), { maxLength: 4 }),
  ),
});

const register = fc.record({
  type: fc.constant('node_register'),
  node_id: nullable(id),
  version: text,
  capability_schema_version: nullable(fc.constantFrom('1.0', '2.0')),
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
  capability_by_type: nullable(byType),
  language_capabilities: nullable(spoken),
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
  capability_by_type: nullable(byType),
  language_capabilities: nullable(spoken),
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

const attempt = { job_id: id, session_id: id, attempt: uint, node_id: id };
const hint = fc.oneof(
  fc.record({ type: fc.constant('assign'), ...attempt, from: id, assign: maybe(text), audio: maybe(text) }),
  fc.record({
    type: fc.constant('refused'),
    ...attempt,
    reason: fc.constantFrom('full', 'gone', 'not_ready', 'draining'),
  }),
  fc.record({ type: fc.constant('requeued'), ...attempt, failure: maybe(text) }),
  fc.record({ type: fc.constant('cancel'), ...attempt, reason: text }),
  fc.record({ type: fc.constant('progress'), session_id: id, message: text }),
  fc.record({
    type: fc.constant('results'),
    session_id: id,
    seq: fc.integer({ min: 1 }),
    entries: maybe(
      fc.array(fc.record({ seq: fc.integer({ min: 1 }), job_id: id, utterance_index: uint, answer: text }), {
        maxLength: 3,
      }),
    ),
  }),
  fc.record({ type: fc.constant('superseded'), session_id: id, epoch: fc.integer({ min: 1 }) }),
  fc.record({ type: fc.constant('interest'), from: id }),
  fc.record({ type: fc.constant('capacity'), node_id: id, from: id }),
);

export const goodMessages: Record<Side, fc.Arbitrary<Message>> = {
  session: fc.oneof(sessionInit, utterance, heartbeat, acknowledgement, chunk, close),
  node: fc.oneof(register, nodeHeartbeat, ack, partial, result, nodeError),
  hint,
};
