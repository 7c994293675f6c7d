/**
 * The admin API of a scheduler instance: the operator's only view into it. Bearer token; JSON.
 *
 *   GET  /admin/v1/instance  -> 200 InstanceReport
 *   POST /admin/v1/drain     -> 202 InstanceReport; body DrainRequest (may be empty); asking again is harmless; 409 when it is meant
 *                               for another pod
 *   POST /admin/v1/probe     -> 200 ProbeReport; body ProbeRequest; 429 while another one runs, or right after one
 *
 * 401 without the right token. A reader must ignore fields it does not know: operator and scheduler versions mix
 * during an upgrade.
 */
// The small form of the library: the operator needs no more of it.
import * as z from 'zod/mini';

export const InstanceReport = z.object({
  instanceId: z.string(),
  version: z.string(),
  startedAt: z.iso.datetime(),
  phase: z.enum(['starting', 'ready', 'draining', 'stopped']),
  /** What `/readyz` says now, and why not. */
  ready: z.boolean(),
  notReadyReasons: z.array(z.string()),
  /** SHA-256 of the bytes of the configuration file this process started with, in hexadecimal. */
  configSha256: z.string(),
  redis: z.object({
    reachable: z.boolean(),
    mode: z.enum(['single', 'cluster', 'none']),
    keyPrefix: z.string(),
    /** Round trip of the last ping in milliseconds; null when it failed. */
    roundTripMs: z.nullable(z.number()),
    /** What Redis may use, 0 for no limit; absent in versions that do not ask. */
    maxMemoryBytes: z.optional(z.number()),
    /** What the last failure said, without credentials; null when the last ping succeeded. */
    error: z.nullable(z.string()),
    /** Of credentials in files; absent without such files, and in versions that do not tell. */
    login: z.optional(
      z.object({
        /** What connections log in with, by `credentialsDigest`. */
        digest: z.string(),
        /** What Redis said to newer ones, when it does not take them; null when there are none. */
        refused: z.nullable(z.string()),
      }),
    ),
  }),
  /** Whether this process holds the lease on its instance id. A false here on a running pod means a duplicate id. */
  lease: z.object({ held: z.boolean(), epoch: z.number(), holder: z.nullable(z.string()) }),
  connections: z.object({ sessions: z.number(), nodes: z.number() }),
  /** Jobs this instance answers for: `waiting` for a slot, `running` on a node. */
  jobs: z.object({ waiting: z.number(), running: z.number() }),
  /** Choices of a node since this process started, and those that found none; absent in versions that do not count them. */
  selections: z.optional(z.object({ total: z.number(), failed: z.number() })),
  /** Nodes of the whole fleet that this instance can choose from; absent in versions that do not tell. */
  nodesKnown: z.optional(z.number()),
  inbox: z.object({ length: z.number(), pending: z.number(), dlqLength: z.number() }),
  /** Null unless draining. */
  drain: z.nullable(
    z.object({ startedAt: z.iso.datetime(), deadlineAt: z.iso.datetime(), done: z.boolean() }),
  ),
});
export type InstanceReport = z.infer<typeof InstanceReport>;

export const DrainRequest = z.object({
  /** Seconds running jobs may take before they are handed over; the configuration's figure when absent. */
  timeoutSeconds: z.optional(z.int().check(z.minimum(0), z.maximum(3600))),
  /** Uid of the pod it is meant for: by the time it arrives, the address may be another one's. */
  podUid: z.optional(z.string().check(z.maxLength(128))),
});
export type DrainRequest = z.infer<typeof DrainRequest>;

/** Tries the way of a job from a session on the instance that is asked to a node on another one, or on itself. */
export const ProbeRequest = z.object({
  /** Instance id of the one that plays the node. */
  target: z.string().check(z.regex(/^[A-Za-z0-9_.:-]{1,128}$/)),
});
export type ProbeRequest = z.infer<typeof ProbeRequest>;

const probeOutcomes = [
  /** The job reached the other instance, and its answer the one that asked. */
  'answered',
  /** Nothing came back in time. */
  'unanswered',
  /** The inbox of the other instance is full. */
  'busy',
  /** Nobody holds the lease of the other instance, as the one that asked sees Redis. */
  'no_owner',
  /** The other instance is draining, or does not know probes. */
  'refused',
  /** Redis did not take the job. */
  'unavailable',
  /** The instance that was asked is not ready itself, and tried nothing. */
  'not_now',
] as const;
export type ProbeOutcome = (typeof probeOutcomes)[number];

export const ProbeReport = z.object({
  /** Instance ids of the two sides. */
  session: z.string(),
  node: z.string(),
  outcome: z.enum(probeOutcomes),
  /** More, for people; may be empty. */
  detail: z.string(),
  /** From the session's first write to its last, in milliseconds. */
  tookMs: z.number(),
});
export type ProbeReport = z.infer<typeof ProbeReport>;

/** Longest that a probe waits for its answer; what it writes before and after that is bounded by Redis' own time-outs. */
export const probePatienceMs = 5000;
