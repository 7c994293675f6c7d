/** What the garbage collector does with one object. Pure: what is true of its owners has been looked up before. */
import type { KubeObject } from '../../../../operator/kube/kube.ts';
import { ownersOf, type Item } from './graph.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/**
 * `solid`: it is there. `absent`: nothing has that name, or something else has it now. `waiting`: it is being deleted and
 * waits for its dependents.
 */
export type OwnerState = 'solid' | 'absent' | 'waiting';

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export type Decision =
  | { readonly kind: 'keep' }
  /** Drop the references to these owners. */
  | { readonly kind: 'unlink'; readonly uids: readonly string[] }
  | { readonly kind: 'delete'; readonly propagation: Propagation };

/** @param states of the owners, by uid */
export function decide(
  item: Item,
  states: ReadonlyMap<string, OwnerState>,
  hasDependents: boolean,
): Decision {
  const owners = ownersOf(item);
  if (owners.length === 0 || item.object.metadata.deletionTimestamp !== undefined) return { kind: 'keep' };
  const inState = (state: OwnerState) =>
    owners.map(({ uid }) => uid).filter((uid) => states.get(uid) === state);
  const leaving = [...inState('absent'), ...inState('waiting')];
  if (inState('solid').length > 0) {
    return leaving.length === 0 ? { kind: 'keep' } : { kind: 'unlink', uids: leaving };
  }
  // The owner waits for what is below, so what is below must wait for its own dependents too.
  if (inState('waiting').length > 0 && hasDependents) return { kind: 'delete', propagation: 'Foreground' };
  return { kind: 'delete', propagation: inheritedPropagation(item.object) };
}

/** An object that was asked before to go in a certain way goes that way. */
function inheritedPropagation(object: KubeObject): Propagation {
  if (hasFinalizer(object, orphanFinalizer)) return 'Orphan';
  return hasFinalizer(object, foregroundFinalizer) ? 'Foreground' : 'Background';
}

/** Whether an owner in foreground deletion must wait for this dependent. */
export const blocks = (dependent: Item, ownerUid: string): boolean =>
  ownersOf(dependent).some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true);

export const hasFinalizer = ({ metadata }: KubeObject, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;
