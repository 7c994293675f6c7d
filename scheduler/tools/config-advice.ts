/** What a configuration may say but probably does not mean. Pure. */
import type { Config } from '../config/schema.ts';

type Advice = readonly [applies: boolean, what: string];

export function adviceOn(config: Config): string[] {
  const advice = [...onFleet(config), ...onNodes(config), ...onLimits(config)];
  return advice.filter(([applies]) => applies).map(([, what]) => what);
}

function onFleet({ scheduler: { phase2 } }: Config): Advice[] {
  const { redis, instance_id } = phase2;
  return [
    [!phase2.enabled, 'phase2 is off: this instance keeps everything in memory and works alone'],
    [
      phase2.enabled && ['', 'auto'].includes(instance_id.trim()),
      'instance_id is made anew at each start (except in a pod): after a restart others clear up after the old one',
    ],
    [
      redis.mode === 'cluster' && redis.cluster_urls.length === 0,
      'mode is "cluster" and cluster_urls is empty: url is the only address to find the cluster by',
    ],
    [
      redis.mode === 'single' && redis.cluster_urls.length > 0,
      'cluster_urls has no effect while mode is "single"',
    ],
    [!phase2.dlq_enabled, 'dlq_enabled is off: what cannot be delivered is tried for ever'],
  ];
}

/** Times that do not fit together lose healthy nodes; a SchedulerCluster with them is refused by the API server. */
function onNodes({ scheduler }: Config): Advice[] {
  const { heartbeat_interval_seconds: heartbeat, node_health, phase2, phase3 } = scheduler;
  const {
    presence_ttl_seconds: presence,
    refresh_interval_ms,
    remove_stale_after_seconds,
  } = phase2.node_snapshot;
  const { window_size, failure_count, consecutive_failure_count } = node_health.failure_threshold;
  const pools = phase3.pools.map(({ pool_id }) => pool_id);
  return [
    [
      node_health.heartbeat_timeout_seconds <= heartbeat,
      'heartbeat_timeout_seconds is not longer than heartbeat_interval_seconds: healthy nodes are given up between two heartbeats',
    ],
    [
      presence <= heartbeat,
      'presence_ttl_seconds is not longer than heartbeat_interval_seconds: nodes vanish between two heartbeats',
    ],
    [
      presence * 1000 <= refresh_interval_ms,
      'presence_ttl_seconds is not longer than refresh_interval_ms: nodes vanish between two refreshes',
    ],
    [
      remove_stale_after_seconds > 0 && remove_stale_after_seconds < presence,
      'remove_stale_after_seconds is shorter than presence_ttl_seconds: nodes that are present are removed',
    ],
    [
      Math.max(failure_count, consecutive_failure_count) > window_size,
      'failure_count or consecutive_failure_count is more than window_size: it is never reached',
    ],
    [new Set(pools).size < pools.length, 'two of the pools have one pool_id: the first of them counts'],
  ];
}

function onLimits({ scheduler, limits }: Config): Advice[] {
  return [
    [
      scheduler.job_timeout_seconds > scheduler.task_binding.lease_seconds,
      'job_timeout_seconds is longer than task_binding.lease_seconds: request ids are forgotten while their job may still run',
    ],
    [
      limits.max_payload_bytes > limits.max_node_payload_bytes,
      'max_payload_bytes is larger than max_node_payload_bytes: audio that is accepted may have an answer that is not',
    ],
  ];
}
