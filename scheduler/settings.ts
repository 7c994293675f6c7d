/** From the configuration's spelling and units to what each part takes: milliseconds, and only what it needs. */
import { terminationGraceSeconds } from '../common/workload.ts';
import type { Config } from './config/schema.ts';
import { poolOfNode } from './decide/pools.ts';
import type { DeskLimits } from './desk/desk.ts';
import type { EdgeLimits } from './edge/edge.ts';
import type { PoolOf } from './fleet/node-directory.ts';
import type { FloorLimits } from './floor/floor.ts';
import type { OutcomeLimits } from './floor/outcomes.ts';
import type { WorkbenchLimits } from './floor/workbench.ts';
import type { RedisStoreOptions } from './store/redis/options.ts';

const ms = (seconds: number): number => Math.round(seconds * 1000);

export const deskLimits = ({ scheduler, limits }: Config): DeskLimits => ({
  pendingMs: ms(scheduler.job_timeout.pending_timeout_seconds),
  jobTimeoutMs: ms(scheduler.job_timeout_seconds),
  failoverMaxAttempts: scheduler.job_timeout.failover_max_attempts,
  sendCancel: scheduler.job_timeout.send_cancel,
  keepMs: ms(scheduler.task_binding.lease_seconds),
  inlineBytes: limits.inline_payload_bytes,
  resultHoldMs: ms(scheduler.result_hold_seconds),
  // Several renewals may fail before a session's record is forgotten, and its client may come back though we died.
  sessionTtlMs: ms(Math.max(scheduler.phase2.owner_ttl_seconds, scheduler.session_keep_seconds)),
  sessionKeepMs: ms(scheduler.session_keep_seconds),
  maxDetached: limits.max_sessions,
  maxOpenJobs: limits.max_open_jobs_per_session,
  maxUnacknowledged: limits.max_unacknowledged_answers,
  maxWaitingJobs: limits.max_waiting_jobs,
  maxLoopDelayMs: limits.overload_delay_ms,
  resumeBytes: Math.floor(limits.send_queue_bytes / 4),
  pauseMs: scheduler.web_task_segmentation.pause_ms,
  // As base64 it is a third more, and must fit into a frame to a node.
  maxSpeechBytes: Math.floor(limits.max_payload_bytes / 2),
});

export const floorLimits = ({ scheduler }: Config): FloorLimits => {
  const { node_health: health, model_not_available: missing } = scheduler;
  return {
    maxJobsPerNode: scheduler.max_concurrent_jobs_per_node,
    graceMs: ms(scheduler.node_grace_seconds),
    longestJobMs: ms(scheduler.job_timeout_seconds) + marginMs,
    ownerTtlMs: ms(scheduler.phase2.owner_ttl_seconds),
    presenceTtlMs: ms(scheduler.phase2.node_snapshot.presence_ttl_seconds),
    lifecycle: {
      healthCheckCount: health.health_check_count,
      warmupTimeoutMs: ms(health.warmup_timeout_seconds),
      heartbeatTimeoutMs: ms(health.heartbeat_timeout_seconds),
      windowSize: health.failure_threshold.window_size,
      failureCount: health.failure_threshold.failure_count,
      consecutiveFailureCount: health.failure_threshold.consecutive_failure_count,
    },
    unavailable: {
      ttlMs: ms(missing.unavailable_ttl_seconds),
      windowMs: ms(missing.node_ratelimit_window_seconds),
      maxPerWindow: missing.node_ratelimit_max,
    },
  };
};

/** For what is on the wire when a job's time is up. */
const marginMs = 5000;

export const outcomeLimits = ({ scheduler, limits }: Config): OutcomeLimits => ({
  pendingMs: ms(scheduler.job_timeout.pending_timeout_seconds),
  keepMs: ms(scheduler.task_binding.lease_seconds),
  inlineBytes: limits.inline_payload_bytes,
  finishForMs: Math.max(60_000, ms(scheduler.job_timeout_seconds)),
});

export const modelDebounceMs = ({ scheduler }: Config): number =>
  ms(scheduler.model_not_available.debounce_window_seconds);

export const workbenchLimits = ({ scheduler }: Config): WorkbenchLimits => ({
  auditAfterMs: ms(scheduler.job_timeout_seconds) + marginMs,
});

/** Where there are pools: the one a node belongs to. */
export const poolOf = ({ scheduler: { phase3 } }: Config): PoolOf =>
  phase3.enabled ? (view) => poolOfNode(phase3, view) : () => undefined;

/** @param openFiles what the process may have open at once */
export const edgeLimits = ({ limits, server }: Config, openFiles: number): EdgeLimits => ({
  maxSessions: limits.max_sessions,
  maxNodes: limits.max_nodes,
  maxSockets: Math.max(1, openFiles - otherFiles),
  maxPerAddress: limits.max_connections_per_address,
  payloadBytes: { session: limits.max_payload_bytes, node: limits.max_node_payload_bytes },
  sendQueueBytes: limits.send_queue_bytes,
  sendQueueTotalBytes: limits.send_queue_total_bytes,
  messages: { perSecond: limits.messages_per_second, burst: limits.messages_burst },
  pingIntervalMs: ms(limits.ping_interval_seconds),
  allowedOrigins: server.allowed_origins,
});

/** Files kept for Redis, probes, logs and connections that are being refused. */
const otherFiles = 128;

/** How often each of the loops turns, and how long what they keep alive lives without them. */
export const cadence = ({ scheduler }: Config) => {
  const { phase2 } = scheduler;
  const ownerMs = ms(phase2.owner_ttl_seconds);
  const presenceMs = Math.max(2000, 2 * ms(scheduler.heartbeat_interval_seconds));
  const refreshMs = phase2.node_snapshot.refresh_interval_ms;
  return {
    leaseMs: ownerMs,
    presenceMs,
    renewMs: Math.min(ownerMs, presenceMs, ms(phase2.node_snapshot.presence_ttl_seconds)) / 3,
    peersMs: Math.min(2000, ownerMs / 3),
    /** A process that is restarted on the spot comes back within this time. */
    reaperGraceMs: Math.min(1000, ownerMs / 3),
    /** Between full reads of the node view, on average; changes are followed at each refresh. */
    fullReadMs: Math.max(60_000, 2 * ms(phase2.node_snapshot.presence_ttl_seconds)),
    pendingMs: ms(scheduler.job_timeout.pending_timeout_seconds),
    refreshMs,
    gatherMs: Math.min(200, refreshMs / 4),
    nodeScanMs: ms(scheduler.node_health.status_scan_interval_seconds),
    sweepMs: scheduler.job_timeout.scan_interval_ms,
    staleMs: ms(phase2.node_snapshot.remove_stale_after_seconds),
    pingMs: 1000,
  };
};

export const drainTiming = ({ scheduler }: Config) => ({
  endpointGraceMs: ms(scheduler.endpoint_grace_seconds),
  timeoutMs: ms(scheduler.drain_timeout_seconds),
  /** Less than what the pod is given, so that an unclean stop is still told and not killed. */
  stopMs: ms(terminationGraceSeconds(scheduler.drain_timeout_seconds) + scheduler.endpoint_grace_seconds - 7),
});

export const redisOptions = ({ scheduler }: Config) => {
  const { phase2 } = scheduler;
  return {
    mode: phase2.redis.mode,
    url: phase2.redis.url,
    clusterUrls: phase2.redis.cluster_urls,
    keyPrefix: phase2.redis.key_prefix,
    files: {
      username: phase2.redis.username_file,
      password: phase2.redis.password_file,
      authorities: phase2.redis.tls_ca_file,
    },
    group: phase2.stream_group,
    blockMs: phase2.stream_block_ms,
    count: phase2.stream_count,
    maxLength: phase2.stream_maxlen,
    reclaimIdleMs: phase2.reclaim_idle_ms,
    commandTimeoutMs: phase2.command_timeout_ms,
    durability: scheduler.durability,
    dlq: {
      enabled: phase2.dlq_enabled,
      maxLength: phase2.dlq_maxlen,
      maxDeliveries: phase2.dlq_max_deliveries,
      minIdleMs: phase2.dlq_min_idle_ms,
      scanIntervalMs: phase2.dlq_scan_interval_ms,
      scanCount: phase2.dlq_scan_count,
    },
  } satisfies Partial<RedisStoreOptions>;
};
