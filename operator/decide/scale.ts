/** Which ordinals have a file, and how many instances may therefore run. Files come first, pods second. */
import { configKey, ordinalOf, podName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { ConfigMap } from '../kube/resources.ts';
import type { Seen } from './seen.ts';

/**
 * Every ordinal that runs or will run, and every one that `current` already has: a pod that is leaving may start once
 * more, and keys are never taken out of a ConfigMap that is mounted. The first one always: when another configuration
 * comes before the first instance, files of this one can only be made from one it has.
 */
export function ordinalsToConfigure(
  cluster: SchedulerCluster,
  seen: Seen,
  current: ConfigMap | undefined,
): number[] {
  const running = Math.min(ordinalMax + 1, seen.statefulSet?.spec?.replicas ?? 0);
  const count = Math.max(1, cluster.spec.replicas, running);
  const ordinals = new Set(Array.from({ length: count }, (_, ordinal) => ordinal));
  for (const pod of seen.pods) addIfOurs(ordinals, ordinalOf(cluster, pod.metadata.name));
  for (const ordinal of configuredOrdinals(cluster, current)) ordinals.add(ordinal);
  return [...ordinals].sort((a, b) => a - b);
}

/** So many, but no more than there are files for: a pod without its file would only fail. */
export function replicasAllowed(
  cluster: SchedulerCluster,
  current: ConfigMap | undefined,
  replicas: number,
): number {
  const files = current?.data ?? {};
  let allowed = 0;
  while (allowed < replicas && configKey(podName(cluster, allowed)) in files) allowed += 1;
  return allowed;
}

function configuredOrdinals(cluster: SchedulerCluster, current: ConfigMap | undefined): number[] {
  const suffix = configKey('');
  return Object.keys(current?.data ?? {}).flatMap((key) => {
    const ordinal = key.endsWith(suffix) ? ordinalOf(cluster, key.slice(0, -suffix.length)) : undefined;
    return ordinal === undefined || ordinal > ordinalMax ? [] : [ordinal];
  });
}

/** Beyond this a key, a pod or a number of replicas is somebody else's doing; `spec.replicas` is bounded below it. */
const ordinalMax = 63;

function addIfOurs(ordinals: Set<number>, ordinal: number | undefined): void {
  if (ordinal !== undefined && ordinal <= ordinalMax) ordinals.add(ordinal);
}
