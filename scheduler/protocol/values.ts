/** Value shapes that several messages share. On input `null` and a missing field are the same: absent. */
import { z } from 'zod';
import { isShallow } from './codec-bounds.ts';

/** A field that may be missing or null; absent either way. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | undefined => value ?? undefined);

/** An id as it may stand in a Redis key: no braces, which would move the key to another slot. */
export const wireId = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/);

export const unsigned = z.int().min(0);

/** Characters of a word. */
export const wordMax = 256;

/**
 * A name, version or language. A frame may be many megabytes for its speech; a word is kept, logged and told to other
 * instances, so it may not.
 */
export const word = z.string().max(wordMax);

/** Longest list of what a node has. */
export const listMax = 1000;

export const FeatureFlags = z.object({
  emotion_detection: optional(z.boolean()),
  voice_style_detection: optional(z.boolean()),
  speech_rate_detection: optional(z.boolean()),
  speech_rate_control: optional(z.boolean()),
  speaker_identification: optional(z.boolean()),
  persona_adaptation: optional(z.boolean()),
});
export type FeatureFlags = z.infer<typeof FeatureFlags>;

export const SessionMode = z.enum(['one_way', 'two_way_auto']);

export const InstalledModel = z.object({
  model_id: word,
  kind: word,
  src_lang: optional(word),
  tgt_lang: optional(word),
  dialect: optional(word),
  version: word,
  enabled: optional(z.boolean()),
});
export type InstalledModel = z.infer<typeof InstalledModel>;

/** Schema 2.0 says more about a service and less about its platform. */
export const InstalledService = z.object({
  service_id: word,
  version: optional(word),
  platform: optional(word),
  /** The kind it is an implementation of. */
  type: optional(word),
});
export type InstalledService = z.infer<typeof InstalledService>;

export const CapabilityState = z
  .record(word, z.enum(['ready', 'downloading', 'not_installed', 'error']))
  .refine((states) => Object.keys(states).length <= listMax, `must have at most ${String(listMax)} services`);
export type CapabilityState = z.infer<typeof CapabilityState>;

/** Schema 2.0: what the node can do, by kind of service. */
export const CapabilityByType = z
  .array(
    z.object({
      type: z.enum(['asr', 'nmt', 'tts', 'tone', 'semantic']),
      ready: z.boolean(),
      reason: optional(z.string()),
      ready_impl_ids: optional(z.array(word).max(listMax)),
    }),
  )
  .max(64);
export type CapabilityByType = z.infer<typeof CapabilityByType>;

const languages = optional(z.array(z.string().max(64)).max(1000));

/**
 * The languages of a node, by what it does with them. Versions of nodes differ in how they say it, so what cannot be read
 * counts as not said, and the rest of the message stands.
 */
export const LanguageCapabilities = z.object({
  asr_languages: languages,
  asr_langs: languages,
  tts_languages: languages,
  tts_langs: languages,
  /** Directions; a missing side is any language. */
  nmt_pairs: optional(
    z
      .array(z.object({ src_lang: optional(z.string().max(64)), tgt_lang: optional(z.string().max(64)) }))
      .max(10_000),
  ),
});
export type LanguageCapabilities = z.infer<typeof LanguageCapabilities>;

export const HardwareInfo = z.object({
  cpu_cores: unsigned,
  memory_gb: unsigned,
  gpus: optional(z.array(z.object({ name: word, memory_gb: unsigned })).max(listMax)),
});
export type HardwareInfo = z.infer<typeof HardwareInfo>;

export const ResourceUsage = z.object({
  cpu_percent: z.number(),
  gpu_percent: optional(z.number()),
  gpu_mem_percent: optional(z.number()),
  mem_percent: z.number(),
  running_jobs: unsigned,
});
export type ResourceUsage = z.infer<typeof ResourceUsage>;

export const ExtraResult = z.object({
  emotion: optional(z.string()),
  speech_rate: optional(z.number()),
  voice_style: optional(z.string()),
});

/** Whatever a node wants to add. */
export const Details = z.unknown().refine((value) => isShallow(value), 'nested too deeply');

export const JobError = z.object({ code: z.string(), message: z.string(), details: Details.optional() });
