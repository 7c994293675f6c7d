/**
 * Instances that must not stay as they are, and when they may go. Each is told to drain through its admin API and is let go
 * when it says that nothing is left, when there is nothing to wait for, or at a deadline. The SIGTERM that follows drains
 * too, so going early costs order and never a job.
 */
import { terminationGraceSeconds } from '../../common/workload.ts';
import type { SchedulerCluster, SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import type { Pod } from '../kube/resources.ts';
import { answerOf, isAlive, isReady, reportOf } from './pods.ts';
import type { Seen } from './seen.ts';

type Instance = NonNullable<SchedulerClusterStatus['instances']>[number];
export type LeaveReason = NonNullable<Instance['drain']>['reason'];

export interface Leaver {
  readonly ordinal: number;
  readonly pod: Pod;
  readonly why: LeaveReason;
  readonly startedMs: number;
  readonly deadlineMs: number;
  /** The instance itself said so. */
  readonly isDrained: boolean;
  readonly mayGo: boolean;
}

/** What decisions about a moment look at. */
export interface View {
  readonly cluster: SchedulerCluster;
  readonly seen: Seen;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
}

export interface Numbered {
  readonly ordinal: number;
  readonly pod: Pod;
}

export function leaverOf(view: View, { ordinal, pod }: Numbered, why: LeaveReason): Leaver {
  const { cluster, seen, nowMs } = view;
  const startedMs = startOf(view, { ordinal, pod }) ?? nowMs;
  const { drain, config } = cluster.spec;
  const graceSeconds = terminationGraceSeconds(drain.timeoutSeconds, config.scheduler.endpointGraceSeconds);
  const deadlineMs = startedMs + 1_000 * graceSeconds;
  const isDrained = reportOf(seen, pod)?.drain?.done ?? false;
  const mayGo = isDrained || hasNothingToLose(seen, pod) || nowMs >= deadlineMs;
  return { ordinal, pod, why, startedMs, deadlineMs, isDrained, mayGo };
}

/** A drain has no way back: who has begun one will never serve again. */
export const isDraining = (seen: Seen, pod: Pod): boolean => Boolean(reportOf(seen, pod)?.drain);

/** Not running, on its way out already, or neither ready nor answering. Nobody asked yet is no answer. */
export function hasNothingToLose(seen: Seen, pod: Pod): boolean {
  const { phase, podIP } = pod.status ?? {};
  if (!isAlive(pod) || phase !== 'Running' || !podIP) return true;
  return !isReady(pod) && answerOf(seen, pod)?.kind === 'silent';
}

/** The status remembers it, by our own clock. What it says of a pod that had the name before does not count. */
function startOf({ cluster, nowMs }: View, { ordinal, pod }: Numbered): number | undefined {
  const before = cluster.status?.instances?.find((instance) => instance.ordinal === ordinal)?.drain;
  if (!before) return undefined;
  const startedMs = Date.parse(before.startTime);
  const createdMs = Date.parse(pod.metadata.creationTimestamp ?? '');
  // Times in a status are whole seconds. One that is yet to come was written by a clock that is wrong, or by hand: it counts from now.
  return startedMs > createdMs - 1_000 ? Math.min(startedMs, nowMs) : undefined;
}
