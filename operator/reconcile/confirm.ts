/**
 * Caches may be late: a list may come from a copy that is old, and a watch may tell nothing for a while. What cannot be taken back
 * is done only when the API server itself says that this pass acts on the present.
 */
import { wishOf } from '../api/wish.ts';
import { schedulerClusters } from '../api/group.ts';
import { statefulSets } from '../kube/resources.ts';
import { Abandoned, Outdated } from './blockage.ts';
import type { Pass } from './pass.ts';

/** The cluster is there and asks for what this pass acts on. Once in a pass. */
export async function confirm(pass: Pass): Promise<void> {
  if (pass.isConfirmed) return;
  const { cluster, deps } = pass;
  const { namespace = '', name, uid } = cluster.metadata;
  const live = await deps.kube.get(schedulerClusters, { namespace, name });
  if (!live || live.metadata.uid !== uid || live.metadata.deletionTimestamp) throw new Abandoned();
  if (wishOf(live) !== wishOf(cluster)) throw new Outdated('the cluster asks for something else by now');
  pass.isConfirmed = true;
}

/**
 * Besides, the StatefulSet is the one that was seen: its controller notes there how many pods it has made, updated and found
 * ready. A patch that changes nothing, refused when the object has another uid or resourceVersion.
 */
export async function confirmFleet(pass: Pass): Promise<void> {
  await confirm(pass);
  const { statefulSet } = pass.seen;
  if (!statefulSet) return;
  const { namespace = '', name, uid, resourceVersion } = statefulSet.metadata;
  await pass.deps.kube.patch(statefulSets, { namespace, name }, { metadata: { uid, resourceVersion } });
}
