/** What a node and the scheduler say to each other on `/ws/node`. See docs/protocol.md. */
import { z } from 'zod';
import {
  CapabilityByType,
  CapabilityState,
  Details,
  ExtraResult,
  FeatureFlags,
  HardwareInfo,
  InstalledModel,
  InstalledService,
  LanguageCapabilities,
  JobError,
  ResourceUsage,
  listMax,
  optional,
  unsigned,
  wireId,
  word,
} from './values.ts';
import type { ErrorMessage } from './session-messages.ts';

export const NodeRegister = z.object({
  type: z.literal('node_register'),
  node_id: optional(wireId),
  version: word,
  capability_schema_version: optional(word),
  platform: word,
  hardware: HardwareInfo,
  installed_models: optional(z.array(InstalledModel).max(listMax)),
  installed_services: optional(z.array(InstalledService).max(listMax)),
  features_supported: FeatureFlags,
  accept_public_jobs: z.boolean(),
  capability_state: optional(CapabilityState),
  /** Schema 2.0. */
  capability_by_type: optional(CapabilityByType),
  /** Schema 2.0; what cannot be read of it counts as not said. */
  language_capabilities: optional(LanguageCapabilities).catch(undefined),
  /** Ours: how many jobs this node runs at once, when fewer than the configuration allows. */
  max_concurrent_jobs: optional(z.int().min(1)),
});
export type NodeRegister = z.infer<typeof NodeRegister>;

export const NodeHeartbeat = z.object({
  type: z.literal('node_heartbeat'),
  node_id: wireId,
  timestamp: optional(z.int()),
  resource_usage: ResourceUsage,
  installed_models: optional(z.array(InstalledModel).max(listMax)),
  installed_services: optional(z.array(InstalledService).max(listMax)),
  capability_state: optional(CapabilityState),
  capability_by_type: optional(CapabilityByType),
  language_capabilities: optional(LanguageCapabilities).catch(undefined),
});
export type NodeHeartbeat = z.infer<typeof NodeHeartbeat>;

const progress = {
  job_id: wireId,
  attempt_id: unsigned,
  node_id: wireId,
  session_id: wireId,
  trace_id: optional(z.string()),
};

const JobAck = z.object({ type: z.literal('job_ack'), ...progress });
const JobStarted = z.object({ type: z.literal('job_started'), ...progress });

const NodeAsrPartial = z.object({
  type: z.literal('asr_partial'),
  job_id: wireId,
  node_id: wireId,
  session_id: wireId,
  utterance_index: unsigned,
  text: z.string(),
  is_final: z.boolean(),
  trace_id: optional(z.string()),
});
export type NodeAsrPartial = z.infer<typeof NodeAsrPartial>;

export const JobResult = z.object({
  type: z.literal('job_result'),
  ...progress,
  utterance_index: unsigned,
  success: z.boolean(),
  text_asr: optional(z.string()),
  text_translated: optional(z.string()),
  tts_audio: optional(z.string()),
  tts_format: optional(z.string()),
  extra: optional(ExtraResult),
  processing_time_ms: optional(unsigned),
  error: optional(JobError),
});
export type JobResult = z.infer<typeof JobResult>;

const NodeError = z.object({
  type: z.literal('node_error'),
  node_id: wireId,
  code: word,
  message: z.string(),
  details: Details.optional(),
});

export const nodeInbound = {
  node_register: NodeRegister,
  node_heartbeat: NodeHeartbeat,
  job_ack: JobAck,
  job_started: JobStarted,
  asr_partial: NodeAsrPartial,
  job_result: JobResult,
  node_error: NodeError,
} as const;
export type NodeInbound = z.infer<(typeof nodeInbound)[keyof typeof nodeInbound]>;

/** Everything we send to a node but `job_assign`, which is put together from stored JSON (`floor/assignment.ts`). */
export type NodeOutbound =
  | {
      readonly type: 'node_register_ack';
      readonly node_id: string;
      readonly message: string;
      readonly status: 'registering';
    }
  | {
      readonly type: 'node_status';
      readonly node_id: string;
      readonly status: string;
      readonly reason: string | null;
      /** Seconds since the Unix epoch, unlike every other time on the wire. */
      readonly timestamp: number;
    }
  | { readonly type: 'job_cancel'; readonly job_id: string; readonly reason: string }
  | Omit<ErrorMessage, 'details'>;

/** What a job is, as it stands in its record: everything of `job_assign` but `attempt_id` and `audio`. */
export interface Assignment {
  readonly type: 'job_assign';
  readonly job_id: string;
  readonly session_id: string;
  readonly utterance_index: number;
  readonly src_lang: string;
  readonly tgt_lang: string;
  readonly dialect?: string | undefined;
  readonly features?: FeatureFlags | undefined;
  readonly pipeline: { readonly use_asr: true; readonly use_nmt: true; readonly use_tts: true };
  readonly audio_format: string;
  readonly sample_rate: number;
  readonly mode?: string | undefined;
  readonly lang_a?: string | undefined;
  readonly lang_b?: string | undefined;
  readonly auto_langs?: readonly string[] | undefined;
  readonly enable_streaming_asr: true;
  readonly partial_update_interval_ms: 1000;
  readonly trace_id: string;
}
