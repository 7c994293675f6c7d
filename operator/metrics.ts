/** Every metric of the operator's own; those of its machinery are in kube/metrics*.ts. Labels: the cluster, and closed sets. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { conditionTypes } from './api/conditions.ts';
import { nameOfKey } from './api/names.ts';
import type { SchedulerCluster } from './api/schedulercluster.gen.ts';
import type { Tried } from './decide/routes.ts';
import { isTrue } from './decide/status.ts';

const verbs = ['create', 'update', 'delete'] as const;
type Verb = (typeof verbs)[number];

export interface OperatorMetrics {
  wrote(kind: string, verb: Verb): void;
  /** Shows what a cluster's status says. */
  observe(cluster: SchedulerCluster): void;
  /** The route between two of its instances was tried. */
  tried(key: string, tried: Tried): void;
  /** The cluster is gone, and so are its series. */
  forget(key: string): void;
}

export function createOperatorMetrics(registry: Registry): OperatorMetrics {
  const registers = [registry];
  const writes = new Counter({
    name: 'lingua_operator_writes_total',
    help: 'Writes to owned objects by kind and verb; in a settled world it does not move',
    labelNames: ['kind', 'verb'],
    registers,
  });
  const labelNames = ['namespace', 'name'] as const;
  const isReady = new Gauge({
    name: 'lingua_cluster_ready',
    help: '1 when condition Ready of the SchedulerCluster is True',
    labelNames,
    registers,
  });
  const conditions = new Gauge({
    name: 'lingua_cluster_condition',
    help: '1 for a condition of the SchedulerCluster that is True',
    labelNames: [...labelNames, 'type'],
    registers,
  });
  const replicas = new Gauge({
    name: 'lingua_cluster_replicas',
    help: 'Instances of the SchedulerCluster by state: wanted, made, ready, updated',
    labelNames: [...labelNames, 'state'],
    registers,
  });
  const routes = routeMetrics(registry);
  return {
    wrote: (kind, verb) => {
      // A series that begins with 1 never rose for Prometheus: a kind's other verbs begin with its first.
      for (const each of verbs) writes.inc({ kind, verb: each }, each === verb ? 1 : 0);
    },
    observe: (cluster) => {
      const { namespace = '', name } = cluster.metadata;
      isReady.set({ namespace, name }, isTrue(cluster, 'Ready') ? 1 : 0);
      for (const type of conditionTypes)
        conditions.set({ namespace, name, type }, isTrue(cluster, type) ? 1 : 0);
      for (const [state, count] of Object.entries(replicaCounts(cluster)))
        replicas.set({ namespace, name, state }, count);
    },
    tried: (key, { outcome, tookMs }) => {
      routes.tries.inc({ outcome });
      if (outcome !== 'answered') return;
      routes.seconds.set(nameOfKey(key), tookMs / 1000);
      routes.answeredAt.setToCurrentTime(nameOfKey(key));
    },
    forget: (key) => {
      const { namespace, name } = nameOfKey(key);
      for (const gauge of [isReady, routes.seconds, routes.answeredAt]) gauge.remove({ namespace, name });
      for (const type of conditionTypes) conditions.remove({ namespace, name, type });
      for (const state of replicaStates) replicas.remove({ namespace, name, state });
    },
  };
}

function routeMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['namespace', 'name'] as const;
  const tries = new Counter({
    name: 'lingua_operator_route_tries_total',
    help: 'Tries of a route between two instances by what came of them; only `answered` is good',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Gauge({
    name: 'lingua_cluster_route_seconds',
    help: 'How long the last job between two instances of the SchedulerCluster took to come back, with all its writes',
    labelNames,
    registers,
  });
  const answeredAt = new Gauge({
    name: 'lingua_cluster_route_answered_timestamp_seconds',
    help: 'When a job between two instances of the SchedulerCluster last came back, in seconds since the Unix epoch',
    labelNames,
    registers,
  });
  return { tries, seconds, answeredAt };
}

const replicaStates = ['wanted', 'made', 'ready', 'updated'] as const;

function replicaCounts({ spec, status }: SchedulerCluster): Record<(typeof replicaStates)[number], number> {
  return {
    wanted: spec.replicas,
    made: status?.replicas ?? 0,
    ready: status?.readyReplicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
  };
}
