/**
 * How far an update may go now. A StatefulSet updates by itself from its highest ordinal down to the partition; at rest no
 * pod is above it, so no pod is ever replaced unless this file lowers it. One instance at a time: drained first, the next
 * when all that were updated are ready. With a canary the first few are watched before the others follow, and a canary that
 * failed is taken back: with the partition above it, a pod that is deleted comes back as it was.
 */
import { pausedAnnotation, promoteAnnotation, templateHashAnnotation } from '../api/labels.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Pod, StatefulSet } from '../kube/resources.ts';
import { templateHash } from '../resources/pod-template.ts';
import { figureFailure, judge, type Judgement, type RolloutStatus } from './canary.ts';
import { isDraining, leaverOf, type Leaver, type LeaveReason, type Numbered, type View } from './leaving.ts';
import { byOrdinal, isAlive, isReady, isStuck, readinessSinceMs } from './pods.ts';
import { isUpdated, rolloutOf } from './rollout.ts';

export type Stage =
  /** Every pod is as asked for. */
  | { readonly kind: 'Settled' }
  | { readonly kind: 'Rolling' }
  /** A person holds it. */
  | { readonly kind: 'Paused' }
  /** The first instance to try the change is in no state to be judged by. */
  | { readonly kind: 'Waiting'; readonly message: string }
  | { readonly kind: 'Soaking'; readonly judgement: Judgement }
  | { readonly kind: 'RolledBack'; readonly isDone: boolean };

export interface Update {
  readonly stage: Stage;
  readonly partition: number;
  /** The instance that is given up next, if any. */
  readonly leaver: Leaver | undefined;
}

/** Pods that stay, by what they run. */
interface Fleet {
  readonly updated: readonly Numbered[];
  readonly outdated: readonly Numbered[];
  readonly isComplete: boolean;
}

/** @param replicas how many pods the StatefulSet is asked for now */
export function updateOf(view: View, replicas: number): Update {
  const { cluster, seen } = view;
  const { statefulSet: set } = seen;
  const isAsAsked = set?.metadata.annotations?.[templateHashAnnotation] === templateHash(cluster);
  if (!set) return { stage: { kind: 'Settled' }, partition: replicas, leaver: undefined };
  if (!isAsAsked) return { stage: { kind: 'Rolling' }, partition: replicas, leaver: undefined };
  const { isMixed, isUnseen } = rolloutOf(set);
  if (!isMixed) return { stage: { kind: 'Settled' }, partition: replicas, leaver: undefined };
  const held = { partition: heldPartition(cluster, set), leaver: undefined };
  const isShrinking = (set.spec?.replicas ?? 0) > cluster.spec.replicas;
  if (isPaused(cluster)) return { ...held, stage: { kind: 'Paused' } };
  if (isUnseen || isShrinking) return { ...held, stage: { kind: 'Rolling' } };
  const fleet = fleetOf(view, set);
  return hasCanary(view, fleet) ? tryOut(view, fleet, { ...held, replicas }) : goOn(view, fleet);
}

/** What the status keeps of it: a verdict is told before anything is done because of it. */
export function rolloutStatus(view: View, { stage }: Update): RolloutStatus {
  const revision = templateHash(view.cluster);
  const before = decided(view.cluster);
  if (stage.kind === 'Settled') return { revision };
  if (before) return before;
  if (stage.kind !== 'Soaking' || stage.judgement.verdict === 'Undecided') return { revision };
  return { revision, ...stage.judgement };
}

/** The verdict on this very change, if there is one. */
function decided({ status, ...cluster }: SchedulerCluster): RolloutStatus | undefined {
  const { rollout } = status ?? {};
  return rollout?.verdict !== undefined && rollout.revision === templateHash(cluster) ? rollout : undefined;
}

export const isPaused = ({ metadata }: SchedulerCluster): boolean =>
  metadata.annotations?.[pausedAnnotation] === 'true';

const isPromoted = (cluster: SchedulerCluster): boolean =>
  cluster.metadata.annotations?.[promoteAnnotation] === templateHash(cluster);

/** Where the partition stays when nothing may be updated; instances that are added meanwhile are made as the others are. */
function heldPartition({ spec }: SchedulerCluster, set: StatefulSet): number {
  const { replicas = 0, updateStrategy } = set.spec ?? {};
  return spec.replicas > replicas ? spec.replicas : (updateStrategy?.rollingUpdate?.partition ?? 0);
}

function fleetOf({ cluster, seen }: View, set: StatefulSet): Fleet {
  const staying = byOrdinal(cluster, seen.pods).filter(({ ordinal }) => ordinal < cluster.spec.replicas);
  return {
    updated: staying.filter(({ pod }) => isUpdated(set, pod)),
    outdated: staying.filter(({ pod }) => !isUpdated(set, pod)),
    isComplete: staying.length === cluster.spec.replicas,
  };
}

/** A canary protects instances that work. When none of the former ones does, the change may be the cure. */
function hasCanary({ cluster, nowMs }: View, { outdated }: Fleet): boolean {
  const isOver = isPromoted(cluster) || decided(cluster)?.verdict === 'Passed';
  if (!cluster.spec.rollout.canary || isOver) return false;
  if (decided(cluster)) return true;
  return outdated.length === 0 || !outdated.every(({ pod }) => isDown(pod, nowMs));
}

const downMs = 60_000;

const isDown = (pod: Pod, nowMs: number): boolean =>
  !isReady(pod) && (isStuck(pod) || nowMs - readinessSinceMs(pod) > downMs);

interface Held {
  readonly partition: number;
  readonly leaver: undefined;
  readonly replicas: number;
}

function tryOut(view: View, fleet: Fleet, { replicas, ...held }: Held): Update {
  const { canary } = view.cluster.spec.rollout;
  if (!canary) return goOn(view, fleet);
  if (decided(view.cluster)) return takeBack(view, fleet, replicas);
  const next = fleet.outdated.at(-1);
  if (next && fleet.updated.length < canary.replicas) {
    const hindrance =
      isAlive(next.pod) && !isDraining(view.seen, next.pod) && figureFailure(view, next.pod, canary);
    if (hindrance) {
      const message = `${next.pod.metadata.name} is to try the change, but it ${hindrance.message}.`;
      return { ...held, stage: { kind: 'Waiting', message } };
    }
    return goOn(view, fleet);
  }
  // What stops the former instances as well is not the change's fault.
  const isBlameless = fleet.outdated.length > 0 && !fleet.outdated.some(({ pod }) => isReady(pod));
  const judgement: Judgement = isBlameless
    ? { verdict: 'Undecided', untilMs: undefined }
    : judge(view, fleet.updated, canary);
  return { ...held, stage: { kind: 'Soaking', judgement } };
}

/** Gives the change to the highest instance that lacks it. */
function goOn(view: View, fleet: Fleet): Update {
  const stage = { kind: 'Rolling' } as const;
  const live = view.seen.statefulSet?.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  const next = fleet.outdated.at(-1);
  if (!next) return { stage, partition: 0, leaver: undefined };
  const areUpdatedReady = fleet.updated.every(({ pod }) => isReady(pod));
  const leaver = leave(view, next, 'Rollout', areUpdatedReady && canSpare(fleet, next));
  return { stage, partition: Math.min(live, leaver?.mayGo ? next.ordinal : next.ordinal + 1), leaver };
}

/** With the partition above all, the pods that tried the change are replaced one by one and come back as they were. */
function takeBack(view: View, fleet: Fleet, replicas: number): Update {
  const { updated } = fleet;
  const next = updated.find(({ pod }) => !isReady(pod)) ?? updated.at(-1);
  const leaver = next && leave(view, next, 'Rollback', canSpare(fleet, next));
  return { stage: { kind: 'RolledBack', isDone: !next }, partition: replicas, leaver };
}

/** One that has begun to drain goes on: there is no way back. */
function leave(view: View, next: Numbered, why: LeaveReason, canStart: boolean): Leaver | undefined {
  const hasBegun = !isAlive(next.pod) || isDraining(view.seen, next.pod);
  return canStart || hasBegun ? leaverOf(view, next, why) : undefined;
}

/** All others are there and ready, or will not become so by waiting. One that is not ready itself can always be spared. */
function canSpare({ updated, outdated, isComplete }: Fleet, next: Numbered): boolean {
  if (!isReady(next.pod)) return true;
  const others = [...updated, ...outdated].filter((other) => other !== next);
  return isComplete && others.every(({ pod }) => isReady(pod) || (isAlive(pod) && isStuck(pod)));
}
