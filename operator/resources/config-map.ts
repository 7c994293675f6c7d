/**
 * One `<pod>.toml` for each ordinal. Its name is the hash of what all instances share: another configuration is another
 * ConfigMap and so another pod template, and going back finds the old one. Scaling only adds keys.
 */
import { hash8 } from '../api/digest.ts';
import { once } from '../api/memo.ts';
import { configKey, configMapName, podName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { ConfigMap } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';
import { renamed, renderToml } from './toml.ts';

/** Asked for many times in a look. */
export const currentConfigMapName = once((cluster: SchedulerCluster): string =>
  configMapName(cluster, hash8(renderToml(cluster, undefined))),
);

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

/**
 * An older ConfigMap with files for more ordinals, made from the ones it has: what it was rendered from is gone. Undefined
 * when it has them all, or has none to go by.
 */
export function withOrdinals(
  cluster: SchedulerCluster,
  former: ConfigMap,
  ordinals: readonly number[],
): ConfigMap | undefined {
  const { name } = former.metadata;
  const files = former.data ?? {};
  const missing = ordinals
    .map((ordinal) => podName(cluster, ordinal))
    .filter((id) => !(configKey(id) in files));
  const [sample] = Object.values(files);
  if (missing.length === 0 || sample === undefined) return undefined;
  const added = missing.map((id) => [configKey(id), renamed(sample, id)] as const);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: ownedMetadata(cluster, name, 'config'),
    data: { ...files, ...Object.fromEntries(added) },
  };
}
