/** Collects what a pass looks at: from the caches, corrected by our own writes, and from what the instances said. */
import { keyOf, nameOfKey, statefulSetName } from '../api/names.ts';
import { schedulerClusters } from '../api/group.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Missing, Seen } from '../decide/seen.ts';
import { configMaps, podMonitors, prometheusRules, statefulSets, type Pod } from '../kube/resources.ts';
import { podMonitor } from '../resources/monitoring/pod-monitor.ts';
import { prometheusRule } from '../resources/monitoring/prometheus-rule.ts';
import { isOwnedBy } from './ownership.ts';
import { ownerIndex, type Deps } from './deps.ts';

type Sources = Pick<Deps, 'caches' | 'ownWrites' | 'instances'>;

export function clusterOf(key: string, { caches, ownWrites }: Sources): SchedulerCluster | undefined {
  const name = nameOfKey(key);
  const cached = caches.clusters.get(name);
  // Only the cache knows that a cluster is gone: our writes of its status must not keep it alive.
  return cached && ownWrites.freshest(schedulerClusters, name, cached);
}

export function gather(cluster: SchedulerCluster, { caches, ownWrites, instances }: Sources): Seen {
  const { uid = '', namespace = '' } = cluster.metadata;
  const name = { namespace, name: statefulSetName(cluster) };
  const set = ownWrites.freshest(statefulSets, name, caches.owned(statefulSets).get(name));
  const statefulSet = set && isOwnedBy(set, cluster) ? set : undefined;
  return {
    configMaps: ownWrites.freshestOwned(configMaps, uid, caches.owned(configMaps).byIndex(ownerIndex, uid)),
    statefulSet,
    pods: podsOf(statefulSet?.metadata.uid, caches.pods),
    // Known after the step that looks.
    secretFaults: [],
    missing: missingKinds(cluster, caches),
    instances: instances.answers(keyOf(cluster)),
    routes: instances.routes(keyOf(cluster)),
  };
}

function missingKinds(cluster: SchedulerCluster, caches: Deps['caches']): Missing[] {
  const wished = [podMonitor(cluster), prometheusRule(cluster)].filter((object) => object !== undefined);
  const { namespace = '' } = cluster.metadata;
  return wished.flatMap(({ kind = '' }) => {
    const presence = caches.presence(kind === podMonitors.kind ? podMonitors : prometheusRules, namespace);
    if (presence !== 'absent' && presence !== 'forbidden') return [];
    return [{ kind, isForbidden: presence === 'forbidden' }];
  });
}

/** Pods are the StatefulSet's, by its uid: labels can be anybody's. */
function podsOf(statefulSetUid: string | undefined, pods: Deps['caches']['pods']): readonly Pod[] {
  return statefulSetUid === undefined ? [] : pods.byIndex(ownerIndex, statefulSetUid);
}
