/**
 * Caches may be late: a list may come from a copy that is old, and a watch may tell nothing for a while. What cannot be taken back
 * is done only when the API server itself says that this pass acts on the present.
 */
import { isDeepStrictEqual } from 'node:util';
import { wishOf } from '../api/wish.ts';
import { schedulerClusters } from '../api/group.ts';
import { selectorLabels, selectorString } from '../api/labels.ts';
import type { View } from '../decide/leaving.ts';
import { ownerUids } from '../kube/object-cache.ts';
import { pods, statefulSets, type Pod } from '../kube/resources.ts';
import { Abandoned, Outdated } from './blockage.ts';
import { viewOf, type Pass } from './pass.ts';

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

/**
 * What is decided on the pods comes out the same on what they are now. That a pod is not ready any more is told by the watch, and
 * noted at the StatefulSet, a moment later; no other may be given up in that moment.
 */
export async function confirmPods(pass: Pass, decide: (view: View) => unknown): Promise<void> {
  const now = await podsNow(pass);
  const view = viewOf(pass);
  const decidedNow = decide({ ...view, seen: { ...view.seen, pods: now } });
  if (!isDeepStrictEqual(decidedNow, decide(view))) throw new Outdated('the pods are not as they were seen');
}

/** Not from a cache of the API server: the list names no version. */
async function podsNow({ cluster, seen, deps }: Pass): Promise<Pod[]> {
  const { namespace } = cluster.metadata;
  const labelSelector = selectorString(selectorLabels(cluster));
  const { items } = await deps.kube.list(pods, { namespace, labelSelector });
  return items.filter((pod) => ownerUids(pod).includes(seen.statefulSet?.metadata.uid ?? ''));
}
