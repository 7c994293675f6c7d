/** Labels and annotations: what owned objects carry, and what their selectors ask for. */
import { group } from './group.ts';
import type { SchedulerCluster } from './schedulercluster.gen.ts';

export const managedBy = 'lingua-operator';
const appName = 'lingua-scheduler';
const redisAppName = 'lingua-redis';

/** Hash of the wish an object was written from; never on the pod template, which must not change with the operator. */
export const appliedHashAnnotation = `${group}/applied-hash`;

/** On the StatefulSet: which pod template of ours it has, so that a template that changed is known for certain. */
export const templateHashAnnotation = `${group}/template-hash`;

/** On the SchedulerCluster, written by people: `true` holds every rollout where it is. */
export const pausedAnnotation = `${group}/paused`;

/** On the SchedulerCluster, written by people: the revision of status.rollout that goes on without its canary. */
export const promoteAnnotation = `${group}/promote`;

/** What selects a cluster's pods. Part of the StatefulSet's immutable selector: it can never change. */
export const selectorLabels = (cluster: SchedulerCluster): Record<string, string> => ({
  'app.kubernetes.io/name': appName,
  'app.kubernetes.io/instance': cluster.metadata.name,
});

/** What selects the pod of a cluster's embedded Redis; never one of its instances. */
export const redisSelectorLabels = (cluster: SchedulerCluster): Record<string, string> => ({
  'app.kubernetes.io/name': redisAppName,
  'app.kubernetes.io/instance': cluster.metadata.name,
});

/** On the pod of the embedded Redis: the uid of the Secret it began with, so that another Secret starts it anew. */
export const redisSecretAnnotation = `${group}/redis-secret`;

/** What selects the operator itself, wherever it runs; see manifests/base. */
export const operatorLabels: Readonly<Record<string, string>> = { 'app.kubernetes.io/name': managedBy };

export type Component = 'scheduler' | 'config' | 'access' | 'network' | 'redis' | 'monitoring';

export const ownedLabels = (cluster: SchedulerCluster, component: Component): Record<string, string> => ({
  ...selectorLabels(cluster),
  'app.kubernetes.io/managed-by': managedBy,
  'app.kubernetes.io/component': component,
});

/** Selects everything this operator owns, for its watches: the caches hold nothing else of a big cluster. */
export const ownedSelector = `app.kubernetes.io/managed-by=${managedBy}`;

export const selectorString = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
