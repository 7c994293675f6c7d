/** What a client and the scheduler say to each other on `/ws/session`. See docs/protocol.md. */
import { z } from 'zod';
import { FeatureFlags, SessionMode, optional, unsigned, wireId, word } from './values.ts';

/** @param text a language */
const languages = (text: z.ZodType<string>) => ({
  src_lang: text,
  tgt_lang: text,
  dialect: optional(text),
  features: optional(FeatureFlags),
  mode: optional(SessionMode),
  lang_a: optional(text),
  lang_b: optional(text),
  auto_langs: optional(z.array(text).max(64)),
  enable_streaming_asr: optional(z.boolean()),
  partial_update_interval_ms: optional(unsigned),
  trace_id: optional(z.string().max(256)),
});

/** Kept as long as the session, so all of it is bounded. */
export const SessionInit = z.object({
  type: z.literal('session_init'),
  client_version: word,
  platform: word,
  pairing_code: optional(word),
  tenant_id: optional(word),
  /** Ours: what the client understands beyond the original protocol; unknown names are ignored. */
  extensions: optional(z.array(z.string().max(64)).max(32)),
  /** Ours: take up the session of an earlier connection. */
  resume_token: optional(z.string().max(512)),
  /** Ours: with `resume_token`, all answers up to this sequence number have been handled. */
  last_seq: optional(unsigned),
  ...languages(word),
});
export type SessionInit = z.infer<typeof SessionInit>;

export const Utterance = z.object({
  type: z.literal('utterance'),
  session_id: wireId,
  utterance_index: unsigned,
  manual_cut: z.boolean(),
  audio: z.string(),
  audio_format: z.string(),
  sample_rate: unsigned,
  /** Ours: the client's idempotency key; sending an utterance again under it starts nothing new. */
  request_id: optional(wireId),
  ...languages(z.string()),
});
export type Utterance = z.infer<typeof Utterance>;

/** A piece of speech as it is spoken; where an utterance ends is found out here (`decide/segmentation.ts`). */
export const AudioChunk = z.object({
  type: z.literal('audio_chunk'),
  session_id: wireId,
  seq: optional(unsigned),
  is_final: z.boolean(),
  /** PCM of 16 bits and 16 kHz. */
  payload: optional(z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64')),
});
export type AudioChunk = z.infer<typeof AudioChunk>;

/** Ours: all answers up to `last_seq` have been handled. */
const SessionAck = z.object({ type: z.literal('session_ack'), session_id: wireId, last_seq: unsigned });

export const ClientHeartbeat = z.object({
  type: z.literal('client_heartbeat'),
  session_id: wireId,
  timestamp: z.int(),
  /** Ours: as in `session_ack`. */
  last_seq: optional(unsigned),
});
export type ClientHeartbeat = z.infer<typeof ClientHeartbeat>;

const SessionClose = z.object({
  type: z.literal('session_close'),
  session_id: wireId,
  reason: optional(z.string()),
});

export const sessionInbound = {
  session_init: SessionInit,
  utterance: Utterance,
  audio_chunk: AudioChunk,
  session_ack: SessionAck,
  client_heartbeat: ClientHeartbeat,
  session_close: SessionClose,
} as const;
export type SessionInbound = z.infer<(typeof sessionInbound)[keyof typeof sessionInbound]>;

/** Messages of the original that this scheduler does not serve; they are answered `UNSUPPORTED_FEATURE`. */
export const sessionUnsupported: ReadonlySet<string> = new Set([
  'tts_started',
  'tts_play_ended',
  'room_create',
  'room_join',
  'room_leave',
  'room_raw_voice_preference',
  'webrtc_offer',
  'webrtc_answer',
  'webrtc_ice',
]);

export type UiEventName = 'DISPATCHED' | 'NODE_ACCEPTED' | 'ASR_PARTIAL' | 'ASR_FINAL' | 'NMT_DONE' | 'ERROR';

export interface UiEvent {
  readonly type: 'ui_event';
  readonly trace_id: string;
  readonly session_id: string;
  readonly job_id: string;
  readonly utterance_index: number;
  readonly event: UiEventName;
  readonly elapsed_ms?: number;
  readonly status: 'ok' | 'error';
  readonly error_code?: string;
  readonly hint?: string | undefined;
}

export interface ErrorMessage {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** Everything we send to a client. */
export type SessionOutbound =
  | {
      readonly type: 'session_init_ack';
      readonly session_id: string;
      readonly message: string;
      readonly trace_id: string;
      /** Ours: shown in a later `session_init`, it brings the session back on any instance. */
      readonly resume_token: string;
      /** Ours: how long a session without a connection is kept. */
      readonly resume_ttl_seconds: number;
      /** Ours: what became of a `resume_token`; absent when there was none. */
      readonly resumed?: boolean;
    }
  /** Ours, for clients that ask for it: the utterance is recorded, and will be answered. */
  | {
      readonly type: 'job_accepted';
      readonly session_id: string;
      readonly utterance_index: number;
      readonly job_id: string;
      readonly request_id?: string | undefined;
      readonly trace_id: string;
      /** Nothing was started: the job has been there before. */
      readonly duplicate: boolean;
    }
  | { readonly type: 'server_heartbeat'; readonly session_id: string; readonly timestamp: number }
  | { readonly type: 'session_close_ack'; readonly session_id: string }
  | {
      readonly type: 'asr_partial';
      readonly session_id: string;
      readonly utterance_index: number;
      readonly job_id: string;
      readonly text: string;
      readonly is_final: boolean;
      readonly trace_id: string;
    }
  | {
      readonly type: 'translation_result';
      readonly session_id: string;
      readonly utterance_index: number;
      readonly job_id: string;
      readonly text_asr: string;
      readonly text_translated: string;
      readonly tts_audio: string;
      readonly tts_format: string;
      readonly extra?: unknown;
      readonly trace_id: string;
      /** Ours, in resumable sessions: the answer's number in its session, to be acknowledged. */
      readonly seq?: number;
    }
  | {
      readonly type: 'missing_result';
      readonly session_id: string;
      readonly utterance_index: number;
      readonly reason: 'failed' | 'gap_timeout';
      readonly created_at_ms: number;
      readonly trace_id?: string;
      /** Ours, in resumable sessions, when a failed job stands behind it. */
      readonly seq?: number;
    }
  | UiEvent
  | ErrorMessage;
