/** What the metadata of every owned object has in common. */
import { group, kind, version } from '../api/group.ts';
import { ownedLabels, type Component } from '../api/labels.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { ObjectMeta, OwnerReference } from '../kube/kube.ts';

export function ownedMetadata(cluster: SchedulerCluster, name: string, component: Component): ObjectMeta {
  const { namespace } = cluster.metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: ownedLabels(cluster, component),
    ownerReferences: [ownerReference(cluster)],
  };
}

/** Does not block the owner's deletion: the garbage collector may take its time, and no finalizer waits for it. */
export function ownerReference({ metadata }: SchedulerCluster): OwnerReference {
  return {
    apiVersion: `${group}/${version}`,
    kind,
    name: metadata.name,
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: false,
  };
}
