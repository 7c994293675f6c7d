/**
 * The messages of every job, decoded without zod, which takes longer than the rest of a job's way through this process.
 * Each decoder takes only what the schema of its type takes, and makes the same of it. Whatever looks unusual it leaves
 * (undefined) to the schema, which also knows how to say what is wrong.
 */
import type { NodeInbound } from './node-messages.ts';
import type { SessionInbound } from './session-messages.ts';

type Fields = Readonly<Record<string, unknown>>;
type Message<Inbound, Type> = Extract<Inbound, { type: Type }>;
type Hot<Inbound> = Readonly<Record<string, (fields: Fields) => Inbound | undefined>>;

/** The fields of a message as they may come: what is optional may also be null. */
type Raw<Message> = {
  [Name in keyof Message]: undefined extends Message[Name] ? Message[Name] | null : Message[Name];
};

type Utterance = Message<SessionInbound, 'utterance'>;
type Heartbeat = Message<SessionInbound, 'client_heartbeat'>;
type Progress = Message<NodeInbound, 'job_ack' | 'job_started'>;
type JobResult = Message<NodeInbound, 'job_result'>;

export const hotSession: Hot<SessionInbound> = {
  utterance: (fields) => (isUtterance(fields) ? utterance(fields) : undefined),
  client_heartbeat: (fields) => (isHeartbeat(fields) ? heartbeat(fields) : undefined),
};

export const hotNode: Hot<NodeInbound> = {
  job_result: (fields) => (isJobResult(fields) ? jobResult(fields) : undefined),
  job_ack: (fields) => (isAboutJob(fields) ? progress('job_ack', fields) : undefined),
  job_started: (fields) => (isAboutJob(fields) ? progress('job_started', fields) : undefined),
};

const isUtterance = (fields: Fields): fields is Fields & Raw<Utterance> =>
  isSpeech(fields) && isTranslated(fields);

const isSpeech = (fields: Fields): boolean =>
  isId(fields['session_id']) &&
  isUnsigned(fields['utterance_index']) &&
  isFlag(fields['manual_cut']) &&
  isText(fields['audio']) &&
  isText(fields['audio_format']) &&
  isUnsigned(fields['sample_rate']) &&
  absentOr(isId, fields['request_id']) &&
  absentOr(isTraceId, fields['trace_id']);

const isTranslated = (fields: Fields): boolean =>
  isText(fields['src_lang']) &&
  isText(fields['tgt_lang']) &&
  absentOr(isText, fields['dialect']) &&
  absentOr(isText, fields['lang_a']) &&
  absentOr(isText, fields['lang_b']) &&
  absentOr(isFlag, fields['enable_streaming_asr']) &&
  absentOr(isUnsigned, fields['partial_update_interval_ms']) &&
  // Those who send these with each utterance are few; the schema looks into them.
  isAbsent(fields['mode']) &&
  isAbsent(fields['features']) &&
  isAbsent(fields['auto_langs']);

const utterance = (fields: Raw<Utterance>): Utterance => ({
  type: 'utterance',
  session_id: fields.session_id,
  utterance_index: fields.utterance_index,
  manual_cut: fields.manual_cut,
  audio: fields.audio,
  audio_format: fields.audio_format,
  sample_rate: fields.sample_rate,
  request_id: given(fields.request_id),
  src_lang: fields.src_lang,
  tgt_lang: fields.tgt_lang,
  dialect: given(fields.dialect),
  features: undefined,
  mode: undefined,
  lang_a: given(fields.lang_a),
  lang_b: given(fields.lang_b),
  auto_langs: undefined,
  enable_streaming_asr: given(fields.enable_streaming_asr),
  partial_update_interval_ms: given(fields.partial_update_interval_ms),
  trace_id: given(fields.trace_id),
});

const isHeartbeat = (fields: Fields): fields is Fields & Raw<Heartbeat> =>
  isId(fields['session_id']) &&
  Number.isSafeInteger(fields['timestamp']) &&
  absentOr(isUnsigned, fields['last_seq']);

const heartbeat = (fields: Raw<Heartbeat>): Heartbeat => ({
  type: 'client_heartbeat',
  session_id: fields.session_id,
  timestamp: fields.timestamp,
  last_seq: given(fields.last_seq),
});

const isAboutJob = (fields: Fields): fields is Fields & Raw<Progress> =>
  isId(fields['job_id']) &&
  isUnsigned(fields['attempt_id']) &&
  isId(fields['node_id']) &&
  isId(fields['session_id']) &&
  absentOr(isText, fields['trace_id']);

const progress = (type: Progress['type'], fields: Raw<Progress>): Progress => ({
  type,
  job_id: fields.job_id,
  attempt_id: fields.attempt_id,
  node_id: fields.node_id,
  session_id: fields.session_id,
  trace_id: given(fields.trace_id),
});

const isJobResult = (fields: Fields): fields is Fields & Raw<JobResult> =>
  isAboutJob(fields) &&
  isUnsigned(fields['utterance_index']) &&
  isFlag(fields['success']) &&
  absentOr(isText, fields['text_asr']) &&
  absentOr(isText, fields['text_translated']) &&
  absentOr(isText, fields['tts_audio']) &&
  absentOr(isText, fields['tts_format']) &&
  absentOr(isUnsigned, fields['processing_time_ms']) &&
  isAbsent(fields['extra']) &&
  isAbsent(fields['error']);

const jobResult = (fields: Raw<JobResult>): JobResult => ({
  type: 'job_result',
  job_id: fields.job_id,
  attempt_id: fields.attempt_id,
  node_id: fields.node_id,
  session_id: fields.session_id,
  trace_id: given(fields.trace_id),
  utterance_index: fields.utterance_index,
  success: fields.success,
  text_asr: given(fields.text_asr),
  text_translated: given(fields.text_translated),
  tts_audio: given(fields.tts_audio),
  tts_format: given(fields.tts_format),
  extra: undefined,
  processing_time_ms: given(fields.processing_time_ms),
  error: undefined,
});

/** `null` and a missing field are the same. */
const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null;
const absentOr = (check: (value: unknown) => boolean, value: unknown): boolean =>
  isAbsent(value) || check(value);
const given = <Value>(value: Value | null): Value | undefined => value ?? undefined;

const isText = (value: unknown): boolean => typeof value === 'string';
const isTraceId = (value: unknown): boolean => typeof value === 'string' && value.length <= 256;
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isUnsigned = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const id = /^[A-Za-z0-9_.:-]{1,128}$/;
const isId = (value: unknown): boolean => typeof value === 'string' && id.test(value);
