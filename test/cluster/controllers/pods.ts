/** What controllers ask of a pod. Pure: the present is a parameter, in milliseconds since the epoch. */
import type { Pod } from '../../../operator/kube/resources.ts';

/** Whether anybody has reported on it yet: the API server gives every stored pod a phase. */
export const isCreated = (pod: Pod): boolean => (pod.status?.phase ?? '') !== '';

export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** Ended for good: its containers will not be started again. */
export const isFinished = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === 'True';

export const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isReady(pod);

/** Ready for at least `minReadySeconds`. */
export const isAvailable = (pod: Pod, minReadySeconds: number, nowMs: number): boolean =>
  isRunningAndReady(pod) && availableInMs(pod, minReadySeconds, nowMs) <= 0;

/** How long a ready pod must still stay ready before it counts as available; not positive when it does already. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number {
  if (minReadySeconds === 0) return 0;
  const since = readyCondition(pod)?.lastTransitionTime;
  if (since === undefined) return minReadySeconds * 1000;
  return Date.parse(since) + minReadySeconds * 1000 - nowMs;
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find((condition) => condition.type === 'Ready');
}
