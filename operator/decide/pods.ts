/** Reading a pod: what its one container does, whether it works, and which configuration it was made with. */
import { exitCodes } from '../../common/signals.ts';
import { ordinalOf } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Pod } from '../kube/resources.ts';
import { configVolume, containerName } from '../resources/pod-template.ts';
import type { InstanceAnswer, Seen } from './seen.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
export type Termination = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

export const isReady = (pod: Pod): boolean => isAlive(pod) && condition(pod, 'Ready')?.status === 'True';

/** Not on its way out. */
export const isAlive = (pod: Pod): boolean => pod.metadata.deletionTimestamp === undefined;

export const configMapOf = (pod: Pod): string | undefined =>
  pod.spec?.volumes?.find(({ name }) => name === configVolume)?.configMap?.name;

export function condition(pod: Pod, type: string) {
  return pod.status?.conditions?.find((found) => found.type === type);
}

/** The pods with their ordinals, in order. */
export function byOrdinal(cluster: SchedulerCluster, pods: readonly Pod[]): { ordinal: number; pod: Pod }[] {
  return pods
    .flatMap((pod) => {
      const ordinal = ordinalOf(cluster, pod.metadata.name);
      return ordinal === undefined ? [] : [{ ordinal, pod }];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}

export const answerOf = (seen: Seen, pod: Pod): InstanceAnswer | undefined =>
  seen.instances.get(pod.metadata.uid ?? '');

export const reportOf = (seen: Seen, pod: Pod) => {
  const answer = answerOf(seen, pod);
  return answer?.kind === 'report' ? answer.report : undefined;
};

const waitingReason = (pod: Pod): string | undefined => containerOf(pod)?.state?.waiting?.reason;
export const restarts = (pod: Pod): number => containerOf(pod)?.restartCount ?? 0;

/** How the container ended last, if it ever did. */
export function lastTermination(pod: Pod): Termination | undefined {
  const status = containerOf(pod);
  return status?.state?.terminated ?? status?.lastState?.terminated;
}

/** Keeps ending, also in the moments in between when it runs again. */
export function isCrashLooping(pod: Pod): boolean {
  if (isReady(pod)) return false;
  const failed = (lastTermination(pod)?.exitCode ?? 0) !== 0;
  return waitingReason(pod) === 'CrashLoopBackOff' || (failed && restarts(pod) >= 2);
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
]);

/** Its image cannot be had; the words of the kubelet. */
export function imageFault(pod: Pod): string | undefined {
  const waiting = containerOf(pod)?.state?.waiting;
  return waiting?.reason !== undefined && imageReasons.has(waiting.reason)
    ? (waiting.message ?? waiting.reason)
    : undefined;
}

/** Will not become ready by waiting. */
export const isStuck = (pod: Pod): boolean =>
  isCrashLooping(pod) || imageFault(pod) !== undefined || condition(pod, 'PodScheduled')?.status === 'False';

/** Since when the pod is as ready or not ready as it is now; wall clock, milliseconds. */
export function readinessSinceMs({ metadata, status }: Pod): number {
  const since = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  return Date.parse(since ?? metadata.creationTimestamp ?? '') || 0;
}

/**
 * How an instance refused its configuration or its identity, unless it has come up since. It ends with a code of its own
 * for that, and the kubelet keeps its last line.
 */
export function refusal(seen: Seen, pod: Pod): Termination | undefined {
  const ended = lastTermination(pod);
  if (ended?.exitCode !== exitCodes.config || isReady(pod) || reportOf(seen, pod)) return undefined;
  return ended;
}

/** When its container began to run, if it runs. */
export function runningSinceMs(pod: Pod): number | undefined {
  const startedAt = containerOf(pod)?.state?.running?.startedAt;
  return startedAt === undefined ? undefined : Date.parse(startedAt);
}

function containerOf(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerName);
}
