/** ReplicaSet as the API has it; the operator has no use for this kind, so its table does not name it. */
import type { V1ReplicaSet } from '@kubernetes/client-node';
import type { KubeObject, Resource } from '../../../../operator/kube/kube.ts';
import type { Wire } from '../../../../operator/kube/resources.ts';

export type ReplicaSet = KubeObject & Omit<Wire<V1ReplicaSet>, keyof KubeObject>;

export const replicaSets: Resource<ReplicaSet> = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
};
