/** The API group, in one place: an owner with another domain changes it here and in crds/. */
import type { Resource } from '../kube/kube.ts';
import type { SchedulerCluster } from './schedulercluster.gen.ts';

export const group = 'lingua.dev';
export const version = 'v1alpha1';
export const kind = 'SchedulerCluster';

export const schedulerClusters: Resource<SchedulerCluster> = {
  apiVersion: `${group}/${version}`,
  kind,
  plural: 'schedulerclusters',
};
