/** The configuration of an instance under test: the shipped shape with times scaled down, so that a fault takes seconds. */
import { stringify } from 'smol-toml';
import type { Limits } from '../checker.ts';

export const scaled = {
  ownerTtlMs: 2000,
  commandTimeoutMs: 1500,
  jobTimeoutMs: 2500,
  /** Longer than an instance is frozen, so that a job only fails when nobody could have done it. */
  pendingTimeoutMs: 7000,
  failovers: 3,
  resultHoldMs: 2500,
  nodeGraceMs: 300,
  drainTimeoutMs: 3000,
} as const;

/** What those settings promise, with an allowance for a busy machine. */
export const scaledLimits: Limits = {
  holdMs: scaled.resultHoldMs,
  // All time-outs in a row, twice over where an owner died and the sweep began anew.
  boundMs: 25_000,
  jobTimeoutMs: scaled.jobTimeoutMs,
  // Failovers, and as many hand-overs by refusals and dead instances.
  extraRuns: 2 * scaled.failovers,
  toleranceMs: 250,
};

export interface InstanceSettings {
  readonly instanceId: string;
  readonly port: number;
  readonly adminPort: number;
  readonly redisPorts: readonly number[];
  readonly mode: 'single' | 'cluster';
  readonly keyPrefix: string;
  readonly durability: 'redis' | 'replicated';
  /** The times that are shipped. */
  readonly shipped: boolean;
  /** Merged over the scaled values, table by table. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

export function configToml(settings: InstanceSettings): string {
  const times = settings.shipped ? {} : scaledTimes();
  return stringify(merge(merge(placeConfig(settings), times), settings.overrides ?? {}));
}

/** Where it is and what it talks to. */
function placeConfig(settings: InstanceSettings): Record<string, unknown> {
  const { instanceId, mode, redisPorts, keyPrefix, durability } = settings;
  const urls = redisPorts.map((port) => `redis://127.0.0.1:${port}`);
  const cluster = mode === 'cluster' ? { cluster_urls: urls } : {};
  return {
    server: { port: settings.port, host: '127.0.0.1' },
    admin: { port: settings.adminPort },
    scheduler: {
      durability,
      phase2: {
        enabled: true,
        instance_id: instanceId,
        redis: { mode, url: urls[0] ?? '', key_prefix: keyPrefix, ...cluster },
      },
    },
    // What a busy machine does to the event loop of a test is no overload.
    limits: { overload_delay_ms: 0 },
  };
}

function scaledTimes(): Record<string, unknown> {
  return {
    scheduler: {
      max_concurrent_jobs_per_node: 4,
      job_timeout_seconds: scaled.jobTimeoutMs / 1000,
      heartbeat_interval_seconds: 0.5,
      drain_timeout_seconds: scaled.drainTimeoutMs / 1000,
      endpoint_grace_seconds: 0.2,
      result_hold_seconds: scaled.resultHoldMs / 1000,
      node_grace_seconds: scaled.nodeGraceMs / 1000,
      session_keep_seconds: 120,
      job_timeout: {
        pending_timeout_seconds: scaled.pendingTimeoutMs / 1000,
        failover_max_attempts: scaled.failovers,
        scan_interval_ms: 200,
      },
      node_health: {
        heartbeat_timeout_seconds: 3,
        health_check_count: 1,
        status_scan_interval_seconds: 0.3,
      },
      phase2: {
        owner_ttl_seconds: scaled.ownerTtlMs / 1000,
        stream_block_ms: 200,
        reclaim_idle_ms: 500,
        command_timeout_ms: scaled.commandTimeoutMs,
        dlq_scan_interval_ms: 500,
        dlq_min_idle_ms: 1000,
        node_snapshot: { presence_ttl_seconds: 2, refresh_interval_ms: 100 },
      },
    },
    limits: { ping_interval_seconds: 1 },
  };
}

function merge(
  base: Record<string, unknown>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    merged[key] = isTable(value) && isTable(below) ? merge(below, value) : value;
  }
  return merged;
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
