/** `GET /api/v1/cluster`: the original's shape, with true figures. */
import type { FleetView, SeenInstance } from './fleet-view.ts';

interface Known {
  readonly keyPrefix: string;
  readonly nowMs: number;
  readonly nodes: number;
}

export function clusterAnswer({ instances }: FleetView, { keyPrefix, nowMs, nodes }: Known) {
  const total = (figure: (instance: SeenInstance) => number) =>
    instances.reduce((sum, instance) => sum + figure(instance), 0);
  const online = instances.filter(isOnline);
  return {
    instances: instances.map((instance) => clusterInstance(instance, nowMs)),
    total_instances: instances.length,
    online_instances: online.length,
    total_nodes: nodes,
    total_sessions: total(({ figures }) => figures?.sessions ?? 0),
    total_pending: total(({ inbox }) => inbox.pending),
    total_dlq: total(({ inbox }) => inbox.dlqLength),
    redis_key_prefix: keyPrefix,
  };
}

const isOnline = ({ state }: SeenInstance): boolean => state === 'serving' || state === 'draining';

function clusterInstance(instance: SeenInstance, nowMs: number) {
  const { instanceId, presence, figures, inbox, state } = instance;
  return {
    instance_id: instanceId,
    hostname: presence?.hostname ?? '',
    pid: presence?.pid ?? 0,
    version: presence?.version ?? '',
    started_at_ms: presence?.started_at ?? 0,
    uptime_seconds: presence ? Math.max(0, Math.floor((nowMs - presence.started_at) / 1000)) : 0,
    is_online: isOnline(instance),
    state,
    inbox_length: inbox.length,
    inbox_pending: inbox.pending,
    dlq_length: inbox.dlqLength,
    nodes_owned: figures?.nodes ?? 0,
    sessions_owned: figures?.sessions ?? 0,
  };
}
