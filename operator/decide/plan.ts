/**
 * What the StatefulSet is asked for now, and which instances leave on the way there. Everything is read from the world, so
 * an operator that comes anew to any moment of it goes on as the one before would have.
 */
import type { Pod } from '../kube/resources.ts';
import { isDraining, leaverOf, type Leaver, type Numbered, type View } from './leaving.ts';
import { byOrdinal, isAlive } from './pods.ts';
import { isUpdated, rolloutOf } from './rollout.ts';
import { updateOf, type Update } from './update.ts';

export interface Plan {
  /** How many pods there should be now: more than wished for while the last ones drain. */
  readonly replicas: number;
  readonly update: Update;
  readonly leavers: readonly Leaver[];
}

export function planOf(view: View): Plan {
  const { cluster, seen } = view;
  const wanted = cluster.spec.replicas;
  const pods = byOrdinal(cluster, seen.pods);
  const surplus = pods
    .filter(({ ordinal }) => ordinal >= wanted)
    .map((numbered) => leaverOf(view, numbered, 'ScaleDown'));
  const replicas = replicasNow(view, surplus);
  const update = updateOf(view, replicas);
  const { leaver } = update;
  const stranded = pods
    .filter(({ ordinal, pod }) => ordinal < wanted && pod !== leaver?.pod && isStranded(view, pod))
    .filter((numbered) => !isBeingUpdated(view, numbered))
    .map((numbered) => leaverOf(view, numbered, 'Replace'));
  return { replicas, update, leavers: [...surplus, ...(leaver ? [leaver] : []), ...stranded] };
}

/** Drains although it should stay: a scale-down or an update that was taken back, or a person who asked the instance. */
const isStranded = ({ seen }: View, pod: Pod): boolean => isAlive(pod) && isDraining(seen, pod);

/**
 * The partition was just lowered to it. Deleted by us, before the controller has seen the partition, it would come back as it
 * was and be replaced a second time.
 */
function isBeingUpdated({ seen: { statefulSet: set } }: View, { ordinal, pod }: Numbered): boolean {
  if (!set || !rolloutOf(set).isUnseen || isUpdated(set, pod)) return false;
  return ordinal >= (set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
}

/** A StatefulSet lets its highest ordinals go: so many as may go in a row from the top. */
function replicasNow({ cluster, seen }: View, surplus: readonly Leaver[]): number {
  const wanted = cluster.spec.replicas;
  const live = seen.statefulSet?.spec?.replicas ?? 0;
  const stays = surplus
    .filter(({ ordinal, mayGo }) => !mayGo && ordinal < live)
    .map(({ ordinal }) => ordinal);
  // Reckoned and not counted down to: somebody else may have asked the StatefulSet for billions.
  return Math.max(wanted, ...stays.map((ordinal) => ordinal + 1));
}

/** Those that the operator itself must replace, because no scaling and no update will. */
export const toReplace = ({ leavers }: Plan): Leaver[] =>
  leavers.filter(({ why, mayGo, pod }) => (why === 'Replace' || why === 'Rollback') && mayGo && isAlive(pod));

/** Those to be told. One that has begun knows. */
export const toDrain = ({ leavers }: Plan, { seen }: View): Leaver[] =>
  leavers.filter(({ mayGo, pod }) => !mayGo && !isDraining(seen, pod));
