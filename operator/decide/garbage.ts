/**
 * ConfigMaps that nothing can ask for any more. As long as pods of two revisions may run, all are kept: a pod of the older
 * revision that is replaced comes back on the older revision and mounts the older ConfigMap.
 */
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { ConfigMap, Pod, StatefulSet } from '../kube/resources.ts';
import { currentConfigMapName } from '../resources/config-map.ts';
import { configVolume } from '../resources/pod-template.ts';
import { configMapOf } from './pods.ts';
import { rolloutOf } from './rollout.ts';

interface Users {
  readonly statefulSet: StatefulSet | undefined;
  readonly pods: readonly Pod[];
}

export function unusedConfigMaps(
  cluster: SchedulerCluster,
  configMaps: readonly ConfigMap[],
  { statefulSet, pods }: Users,
): ConfigMap[] {
  if (!statefulSet || rolloutOf(statefulSet).isMixed) return [];
  const volumes = statefulSet.spec?.template.spec?.volumes ?? [];
  const used = new Set([
    currentConfigMapName(cluster),
    volumes.find(({ name }) => name === configVolume)?.configMap?.name,
    ...pods.map(configMapOf),
  ]);
  return configMaps.filter(({ metadata }) => !used.has(metadata.name) && !metadata.deletionTimestamp);
}
