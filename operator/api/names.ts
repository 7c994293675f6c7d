/** The name of everything a cluster owns. A cluster's name has 52 characters at most, so each of these fits its limit. */
import type { ObjectName } from '../kube/kube.ts';
import type { SchedulerCluster } from './schedulercluster.gen.ts';

/** Queue key of a cluster, and its parts again. */
export const keyOf = ({ metadata }: SchedulerCluster): string =>
  `${metadata.namespace ?? ''}/${metadata.name}`;

export function nameOfKey(key: string): ObjectName {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

export const statefulSetName = (cluster: SchedulerCluster): string => cluster.metadata.name;
export const serviceName = (cluster: SchedulerCluster): string => cluster.metadata.name;
export const headlessServiceName = (cluster: SchedulerCluster): string => `${cluster.metadata.name}-headless`;
export const serviceAccountName = (cluster: SchedulerCluster): string => cluster.metadata.name;
export const disruptionBudgetName = (cluster: SchedulerCluster): string => cluster.metadata.name;
export const networkPolicyName = (cluster: SchedulerCluster): string => cluster.metadata.name;
export const ingressName = (cluster: SchedulerCluster): string => cluster.metadata.name;
export const monitorName = (cluster: SchedulerCluster): string => cluster.metadata.name;
/** Of everything that belongs to the embedded Redis: StatefulSet, Service, Secret and NetworkPolicy. */
export const redisName = (cluster: SchedulerCluster): string => `${cluster.metadata.name}-redis`;
export const adminSecretName = (cluster: SchedulerCluster): string => `${cluster.metadata.name}-admin`;
export const configMapName = (cluster: SchedulerCluster, hash: string): string =>
  `${cluster.metadata.name}-config-${hash}`;

/** Name of the pod, of the instance in Redis, and of its file: all three are the same on purpose. */
export const podName = (cluster: SchedulerCluster, ordinal: number): string =>
  `${cluster.metadata.name}-${String(ordinal)}`;
export const configKey = (instanceId: string): string => `${instanceId}.toml`;

/** The ordinal in a pod's name, or undefined when it is not a name of this cluster's pods. */
export function ordinalOf(cluster: SchedulerCluster, pod: string): number | undefined {
  const prefix = `${cluster.metadata.name}-`;
  const digits = pod.startsWith(prefix) ? pod.slice(prefix.length) : '';
  return /^(0|[1-9][0-9]{0,8})$/.test(digits) ? Number(digits) : undefined;
}
