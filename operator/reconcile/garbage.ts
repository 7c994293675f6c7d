/**
 * Removes ConfigMaps that nothing names any more. A cache may be late, and a pod that comes back to a missing ConfigMap
 * never starts; so what the caches suggest is decided again on what the API server itself says.
 */
import { selectorLabels, selectorString } from '../api/labels.ts';
import { statefulSetName } from '../api/names.ts';
import { unusedConfigMaps } from '../decide/garbage.ts';
import { configMaps, pods, statefulSets } from '../kube/resources.ts';
import type { Pass } from './pass.ts';
import { announceDeleted } from './announce.ts';
import { confirmFleet } from './confirm.ts';

export async function removeUnusedConfigMaps(pass: Pass): Promise<void> {
  const { cluster, seen, deps } = pass;
  const suspects = unusedConfigMaps(cluster, seen.configMaps, seen);
  if (suspects.length === 0) return;
  const unneeded = unusedConfigMaps(cluster, suspects, await usersNow(pass));
  if (unneeded.length > 0) await confirmFleet(pass);
  for (const unused of unneeded) {
    await deps.kube.delete(configMaps, unused);
    deps.ownWrites.deleted(configMaps, unused);
    deps.metrics.wrote(configMaps.kind, 'delete');
    announceDeleted(pass, configMaps.kind, unused);
  }
}

async function usersNow({ cluster, deps: { kube } }: Pass) {
  const { namespace = '' } = cluster.metadata;
  const statefulSet = await kube.get(statefulSets, { namespace, name: statefulSetName(cluster) });
  const labelSelector = selectorString(selectorLabels(cluster));
  const { items } = await kube.list(pods, { namespace, labelSelector });
  return { statefulSet, pods: items };
}
