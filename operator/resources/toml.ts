/**
 * The guide's `config.toml` for one instance, sections and keys in the guide's order. Written by a serializer, so no value
 * of the spec can break out of its string. Tables that the guide's file does not have are written only when the spec sets them.
 */
import { parse, stringify } from 'smol-toml';
import { mounts, ports } from '../../common/workload.ts';
import { redisAccess } from '../api/redis.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';

/**
 * @param instanceId the pod's name; undefined gives the part that all instances share, which the ConfigMap is named after
 */
export function renderToml(cluster: SchedulerCluster, instanceId: string | undefined): string {
  const { spec } = cluster;
  return stringify({
    server: { port: ports.http, host: '0.0.0.0', ...snakeCased(spec.config.server ?? {}) },
    scheduler: schedulerTable(cluster, instanceId),
    ...optionalTable('limits', spec.config.limits),
    ...optionalTable('model_hub', spec.config.modelHub),
    ...optionalTable('dashboard', spec.config.dashboard),
  });
}

/** The same file for another instance. */
export function renamed(source: string, instanceId: string): string {
  const file = parse(source) as { scheduler: { phase2: Table } };
  file.scheduler.phase2['instance_id'] = instanceId;
  return stringify(file);
}

type Table = Record<string, unknown>;

function schedulerTable(cluster: SchedulerCluster, instanceId: string | undefined): Table {
  const { spec } = cluster;
  const { scheduler } = spec.config;
  return {
    max_concurrent_jobs_per_node: scheduler.maxConcurrentJobsPerNode,
    job_timeout_seconds: scheduler.jobTimeoutSeconds,
    heartbeat_interval_seconds: scheduler.heartbeatIntervalSeconds,
    drain_timeout_seconds: spec.drain.timeoutSeconds,
    result_hold_seconds: scheduler.resultHoldSeconds,
    node_grace_seconds: scheduler.nodeGraceSeconds,
    durability: scheduler.durability,
    session_keep_seconds: scheduler.sessionKeepSeconds,
    endpoint_grace_seconds: scheduler.endpointGraceSeconds,
    ...optionalTable('job_timeout', scheduler.jobTimeout),
    ...optionalTable('load_balancer', scheduler.loadBalancer),
    ...optionalTable('node_health', scheduler.nodeHealth),
    ...optionalTable('model_not_available', scheduler.modelNotAvailable),
    ...optionalTable('task_binding', scheduler.taskBinding),
    ...optionalTable('web_task_segmentation', scheduler.webTaskSegmentation),
    ...optionalTable('core_services', scheduler.coreServices),
    phase2: phase2Table(cluster, instanceId),
    ...optionalTable('phase3', scheduler.phase3),
  };
}

function phase2Table(cluster: SchedulerCluster, instanceId: string | undefined): Table {
  const { phase2 } = cluster.spec.config.scheduler;
  return {
    enabled: true,
    instance_id: instanceId,
    owner_ttl_seconds: phase2.ownerTtlSeconds,
    stream_block_ms: phase2.streamBlockMs,
    stream_count: phase2.streamCount,
    stream_group: phase2.streamGroup,
    stream_maxlen: phase2.streamMaxlen,
    dlq_enabled: phase2.dlqEnabled,
    dlq_maxlen: phase2.dlqMaxlen,
    dlq_max_deliveries: phase2.dlqMaxDeliveries,
    dlq_min_idle_ms: phase2.dlqMinIdleMs,
    dlq_scan_interval_ms: phase2.dlqScanIntervalMs,
    dlq_scan_count: phase2.dlqScanCount,
    reclaim_idle_ms: phase2.reclaimIdleMs,
    command_timeout_ms: phase2.commandTimeoutMs,
    redis: redisTable(cluster),
    node_snapshot: {
      enabled: phase2.nodeSnapshot.enabled,
      presence_ttl_seconds: phase2.nodeSnapshot.presenceTtlSeconds,
      refresh_interval_ms: phase2.nodeSnapshot.refreshIntervalMs,
      remove_stale_after_seconds: phase2.nodeSnapshot.removeStaleAfterSeconds,
    },
  };
}

/** Where the pod finds what is secret is named, never what is in there. */
function redisTable(cluster: SchedulerCluster): Table {
  const { mode, keyPrefix } = cluster.spec.redis;
  const { urls, auth, authorities } = redisAccess(cluster);
  const files = Object.values(auth?.files ?? {});
  return {
    mode,
    ...(mode === 'single' ? { url: urls[0] } : { cluster_urls: urls }),
    key_prefix: keyPrefix,
    ...(files.includes(mounts.redisUsernameFile) ? { username_file: mounts.redisUsernameFile } : {}),
    ...(auth ? { password_file: mounts.redisPasswordFile } : {}),
    ...(authorities ? { tls_ca_file: mounts.redisCaFile } : {}),
  };
}

/** A section that stands or falls as a whole: absent and empty are the same file. */
function optionalTable(name: string, section: object | undefined): Table {
  const table = snakeCased(section ?? {});
  return Object.keys(table).length === 0 ? {} : { [name]: table };
}

/** Sorted, because the order of keys in an object says nothing and must not decide the name of a ConfigMap. */
function snakeCased(section: object): Table {
  const entries = Object.entries(section as Table).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCasedValue(value),
    ]),
  );
}

function snakeCasedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCasedValue);
  return typeof value === 'object' && value !== null ? snakeCased(value) : value;
}
