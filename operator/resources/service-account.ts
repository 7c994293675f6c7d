/** The identity of the pods. It has no rights and gets no token: a scheduler does not talk to Kubernetes. */
import { serviceAccountName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { ServiceAccount } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

export function serviceAccount(cluster: SchedulerCluster): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: ownedMetadata(cluster, serviceAccountName(cluster), 'access'),
    automountServiceAccountToken: false,
  };
}
