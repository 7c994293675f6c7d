/** What a ReplicaSet does next, and what it says about itself. Pure. */
import type { Pod } from '../../../../operator/kube/resources.ts';
import { controllerReference } from '../owners.ts';
import { isAvailable, isFinished, isReady, isTerminating } from '../pods.ts';
import type { ReplicaSet } from './replica-sets.ts';

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/** @param pods the pods this set controls, read without delay: an old copy would make it create too many */
export function planReplicas(set: ReplicaSet, pods: readonly Pod[]): ReplicaPlan {
  if (set.metadata.deletionTimestamp !== undefined) return { create: 0, remove: [] };
  const active = activePods(pods);
  const surplus = active.length - (set.spec?.replicas ?? 1);
  return {
    create: Math.max(0, -surplus),
    remove: surplus > 0 ? active.toSorted(leastUsefulFirst).slice(0, surplus) : [],
  };
}

export function replicaStatus(
  set: ReplicaSet,
  pods: readonly Pod[],
  nowMs: number,
): NonNullable<ReplicaSet['status']> {
  const active = activePods(pods);
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: active.length,
    fullyLabeledReplicas: active.length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
  };
}

/** @param suffix makes the name unique */
export function replicaPod(set: ReplicaSet, suffix: string): Pod {
  const { metadata, spec } = set.spec!.template!;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${set.metadata.name}-${suffix}`,
      namespace: set.metadata.namespace ?? '',
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations },
      ownerReferences: [controllerReference(set)],
    },
    spec: spec!,
  };
}

const activePods = (pods: readonly Pod[]): Pod[] =>
  pods.filter((pod) => !isFinished(pod) && !isTerminating(pod));

/** Pods that nobody placed go first, then pods that are not ready, then the youngest. */
function leastUsefulFirst(a: Pod, b: Pod): number {
  const use = (pod: Pod) => (pod.spec?.nodeName ? 2 : 0) + (isReady(pod) ? 1 : 0);
  const age = (pod: Pod) => pod.metadata.creationTimestamp ?? '';
  return use(a) - use(b) || age(b).localeCompare(age(a));
}
