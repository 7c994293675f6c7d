/** A fleet as the API tells of it, for tests of what is made of that for people. */
import type { Condition, ConditionType } from '../../operator/api/conditions.ts';
import type { SchedulerCluster, SchedulerClusterStatus } from '../../operator/api/schedulercluster.gen.ts';
import type { Pod } from '../../operator/kube/resources.ts';

export const nowMs = Date.parse('2026-01-02T03:04:05Z');

const fine: Readonly<Record<ConditionType, [Condition['status'], string, string]>> = {
  Ready: ['True', 'FleetReady', '2 of 2 instances are ready.'],
  Available: ['True', 'EnoughReady', 'All instances are ready.'],
  Progressing: ['False', 'Settled', '2 of 2 instances ready, none to change.'],
  Degraded: ['False', 'AsExpected', 'Nothing fails.'],
  ConfigValid: ['True', 'Valid', 'All instances took it.'],
  RedisReachable: ['True', 'Reachable', 'All instances reach it.'],
  InstancesUnique: ['True', 'Unique', 'No two are the same.'],
  RoutingVerified: ['True', 'RouteVerified', 'Tried.'],
  Drained: ['True', 'NothingLeaves', 'Nobody leaves.'],
  ProductionReady: ['True', 'AsRecommended', 'As the guide recommends.'],
};

export type Change = Partial<Record<ConditionType, [Condition['status'], string, string]>>;

export function conditionsOf(change: Change = {}, observedGeneration = 3): Condition[] {
  return Object.entries({ ...fine, ...change }).map(([type, [status, reason, message]]) => ({
    type,
    status,
    reason,
    message,
    observedGeneration,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }));
}

export function fleet(
  status: Partial<SchedulerClusterStatus> = {},
  metadata: Partial<SchedulerCluster['metadata']> = {},
): SchedulerCluster {
  const spec = {
    replicas: 2,
    image: 'lingua-scheduler:1',
    redis: { mode: 'single', url: 'redis://redis:6379', keyPrefix: 'lingua' },
    rollout: {},
  };
  return {
    apiVersion: 'lingua.dev/v1alpha1',
    kind: 'SchedulerCluster',
    metadata: {
      name: 'demo',
      namespace: 'speech',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: spec as SchedulerCluster['spec'],
    status: {
      ...{ observedGeneration: 3, replicas: 2, readyReplicas: 2, updatedReplicas: 2 },
      conditions: conditionsOf(),
      instances: [0, 1].map((ordinal) => told(ordinal)),
      ...status,
    },
  };
}

type Told = NonNullable<SchedulerClusterStatus['instances']>[number];

export const told = (ordinal: number, more: Partial<Told> = {}): Told => ({
  ordinal,
  podName: `demo-${ordinal}`,
  instanceId: `demo-${ordinal}`,
  ready: true,
  state: 'Ready',
  sessions: 4,
  nodes: 1,
  configCurrent: true,
  ...more,
});

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

export function pod(ordinal: number, container: Partial<ContainerStatus> = {}): Pod {
  const status = { name: 'scheduler', image: '', imageID: '', ready: true, restartCount: 0, ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `demo-${ordinal}`, uid: `uid-${ordinal}`, creationTimestamp: '2026-01-02T03:00:00Z' },
    spec: { containers: [], nodeName: 'worker' },
    status: { phase: 'Running', containerStatuses: [status] },
  };
}
