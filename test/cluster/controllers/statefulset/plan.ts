/**
 * What a StatefulSet does next, from what is there. Pure: the same set, revisions, pods and time give the same actions.
 *
 * With OrderedReady every step waits for the pods before it; with Parallel creation and scaling down wait for nobody. A
 * rolling update is one pod at a time, from the highest ordinal, in both.
 */
import type { ControllerRevision, Pod, StatefulSet } from '../../../../operator/kube/resources.ts';
import { availableInMs, isAvailable, isFinished, isRunningAndReady, isTerminating } from '../pods.ts';
import { firstOrdinal, ordinalOf, replicasOf } from './identity.ts';
import { podRevision, type Revisions } from './revisions.ts';

export type Action =
  | { readonly kind: 'create'; readonly ordinal: number; readonly revision: ControllerRevision }
  | { readonly kind: 'delete'; readonly pod: Pod; readonly why: 'finished' | 'scale-down' | 'update' };

export interface Plan {
  readonly actions: readonly Action[];
  /** When a pod that is only waited for will have been ready long enough; undefined when nothing depends on time. */
  readonly lookAgainInMs: number | undefined;
}

/** @param pods the pods this set controls, in any order */
export function plan(set: StatefulSet, revisions: Revisions, pods: readonly Pod[], nowMs: number): Plan {
  if (set.metadata.deletionTimestamp !== undefined) return { actions: [], lookAgainInMs: undefined };
  const { slots, condemned } = arrange(set, pods);
  const step = { set, revisions, nowMs, ordered: set.spec?.podManagementPolicy !== 'Parallel' };

  const filling = fill(slots, step);
  const draining = filling.wait ? stop : drain(condemned, slots, step);
  const rolling = filling.wait || draining.wait ? stop : roll(slots, step);
  return {
    actions: [...filling.actions, ...draining.actions, ...rolling.actions],
    lookAgainInMs: nextAvailability(set, pods, nowMs),
  };
}

/** One place for each wanted ordinal, and the pods beyond them, highest first. */
function arrange(set: StatefulSet, pods: readonly Pod[]): { slots: Slot[]; condemned: Pod[] } {
  const first = firstOrdinal(set);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod.metadata.name) ?? -1, pod]));
  const slots = Array.from({ length: replicasOf(set) }, (_, index) => ({
    ordinal: first + index,
    pod: byOrdinal.get(first + index),
  }));
  const wanted = new Set(slots.map((slot) => slot.ordinal));
  const condemned = [...byOrdinal].filter(([ordinal]) => ordinal >= 0 && !wanted.has(ordinal));
  return { slots, condemned: condemned.sort(([a], [b]) => b - a).map(([, pod]) => pod) };
}

interface Slot {
  readonly ordinal: number;
  readonly pod: Pod | undefined;
}

interface Step {
  readonly set: StatefulSet;
  readonly revisions: Revisions;
  readonly nowMs: number;
  readonly ordered: boolean;
}

interface Progress {
  readonly actions: readonly Action[];
  /** Whether later phases must wait for this one. */
  readonly wait: boolean;
}

const stop: Progress = { actions: [], wait: true };

/** Makes missing pods and removes finished ones. A terminating pod keeps its place until it is really gone. */
function fill(slots: readonly Slot[], step: Step): Progress {
  const actions: Action[] = [];
  for (const slot of slots) {
    const action = fillOne(slot, step);
    if (action) actions.push(action);
    if (step.ordered && (action !== undefined || !settled(slot.pod, step))) return { actions, wait: true };
  }
  return { actions, wait: false };
}

function fillOne({ ordinal, pod }: Slot, step: Step): Action | undefined {
  if (pod === undefined) return { kind: 'create', ordinal, revision: revisionFor(ordinal, step) };
  if (isFinished(pod) && !isTerminating(pod)) return { kind: 'delete', pod, why: 'finished' };
  return undefined;
}

/** Below the partition of a rolling update a lost pod comes back as it was; everywhere else it comes back new. */
function revisionFor(ordinal: number, { set, revisions }: Step): ControllerRevision {
  if (set.spec?.updateStrategy?.type === 'OnDelete') return revisions.update;
  return ordinal < firstOrdinal(set) + partitionOf(set) ? revisions.current : revisions.update;
}

const partitionOf = (set: StatefulSet): number => set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;

/** Removes the pods beyond the wanted ordinals from the top; in order, each only when every other pod is well. */
function drain(condemned: readonly Pod[], slots: readonly Slot[], step: Step): Progress {
  const remove = (pod: Pod): Action => ({ kind: 'delete', pod, why: 'scale-down' });
  if (!step.ordered) {
    return { actions: condemned.filter((pod) => !isTerminating(pod)).map(remove), wait: false };
  }
  const top = condemned[0];
  if (top === undefined) return { actions: [], wait: false };
  const firstUnhealthy = [...slots.map((slot) => slot.pod), ...condemned.toReversed()].find(
    (pod) => pod !== undefined && !(isRunningAndReady(pod) && !isTerminating(pod)),
  );
  const blocked = isTerminating(top) || (!settled(top, step) && top !== firstUnhealthy);
  return { actions: blocked ? [] : [remove(top)], wait: true };
}

/**
 * Deletes the highest outdated pod, unless a pod above it is still on its way back. An outdated pod that is itself broken
 * is deleted like any other: the new template may be its cure.
 */
function roll(slots: readonly Slot[], step: Step): Progress {
  const { set, revisions } = step;
  if (set.spec?.updateStrategy?.type === 'OnDelete') return { actions: [], wait: false };
  for (const { pod } of slots.slice(partitionOf(set)).toReversed()) {
    if (pod === undefined) return stop;
    const outdated = podRevision(pod) !== revisions.update.metadata.name;
    if (outdated && !isTerminating(pod)) {
      return { actions: [{ kind: 'delete', pod, why: 'update' }], wait: true };
    }
    if (!settled(pod, step)) return stop;
  }
  return { actions: [], wait: false };
}

function settled(pod: Pod | undefined, { set, nowMs }: Step): boolean {
  return pod !== undefined && !isTerminating(pod) && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

function nextAvailability(set: StatefulSet, pods: readonly Pod[], nowMs: number): number | undefined {
  const waits = pods
    .filter((pod) => isRunningAndReady(pod) && !isTerminating(pod))
    .map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, nowMs))
    .filter((wait) => wait > 0);
  return waits.length > 0 ? Math.min(...waits) : undefined;
}
