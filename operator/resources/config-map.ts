/**
 * One `<pod>.toml` for each ordinal. Its name is the hash of what all instances share: another configuration is another
 * ConfigMap and so another pod template, and going back finds the old one. Scaling only adds keys.
 */
import { hash8 } from '../api/digest.ts';
import { configKey, configMapName, podName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { ConfigMap } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';
import { renderToml } from './toml.ts';

export const currentConfigMapName = (cluster: SchedulerCluster): string =>
  configMapName(cluster, hash8(renderToml(cluster, undefined)));

/** @param ordinals every ordinal that runs or will run */
export function configMap(cluster: SchedulerCluster, ordinals: readonly number[]): ConfigMap {
  const files = ordinals.map((ordinal) => {
    const instanceId = podName(cluster, ordinal);
    return [configKey(instanceId), renderToml(cluster, instanceId)] as const;
  });
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: ownedMetadata(cluster, currentConfigMapName(cluster), 'config'),
    data: Object.fromEntries(files),
  };
}
