/**
 * The garbage collector: deletes what lost its owners, and carries out foreground and orphaning deletes. It watches
 * everything the API serves, and asks the API itself before it takes an owner for absent.
 */
import { toAppError } from '../../../../common/errors.ts';
import type { ObjectName, OwnerReference } from '../../../../operator/kube/kube.ts';
import { objectPath } from '../../../../operator/kube/paths.ts';
import { customResourceDefinitions } from '../../../../operator/kube/resources.ts';
import { AppError } from '../../../../common/errors.ts';
import { allSettled, startQueue, type Controller, type ControllerContext } from '../controller.ts';
import { definedResource, discover, isEvent, type ServedResource } from '../discovery.ts';
import { withoutOwner } from '../owners.ts';
import {
  blocks,
  decide,
  type Decision,
  foregroundFinalizer,
  hasFinalizer,
  orphanFinalizer,
  type OwnerState,
  type Propagation,
} from './decide.ts';
import { Graph, ownersOf, uidOf, type Item } from './graph.ts';

export async function startCollector(context: ControllerContext): Promise<Controller> {
  const { kube, informers, log } = context;
  const graph = new Graph();
  const kinds = new Map<string, ServedResource>();
  for (const resource of await discover(kube)) follow(resource);
  const definitions = informers.of(customResourceDefinitions);

  const queue = startQueue(context, 'garbage-collector', async ({ name: uid }) => {
    const item = graph.get(uid);
    if (!item) return {};
    if (item.object.metadata.deletionTimestamp !== undefined) await assistDeletion(item);
    else await collect(item);
    return {};
  });

  /** Watches a kind and keeps the graph true. */
  function follow(resource: ServedResource): void {
    const isCollectable = ['list', 'watch', 'delete'].every((verb) => resource.verbs.includes(verb));
    if (!isCollectable || isEvent(resource) || kinds.has(kindKey(resource))) return;
    kinds.set(kindKey(resource), resource);
    informers.of(resource).onChange((before, after) => {
      if (after)
        graph.put({ resource, object: { ...after, apiVersion: resource.apiVersion, kind: resource.kind } });
      else if (before) graph.remove(before.metadata.uid ?? '');
      lookAround((after ?? before)!.metadata.uid ?? '', ownersOf({ resource, object: (after ?? before)! }));
    });
  }

  function unfollow(resource: ServedResource): void {
    kinds.delete(kindKey(resource));
    informers.drop(resource);
    graph.removeAll((item) => kindKey(item.resource) === kindKey(resource));
  }

  /** A change concerns the object, what depends on it, and owners that may wait for it. */
  function lookAround(uid: string, owners: readonly OwnerReference[]): void {
    queueMicrotask(() => {
      const item = graph.get(uid);
      if (item && (owners.length > 0 || item.object.metadata.deletionTimestamp !== undefined)) queue.add(uid);
      if (!item || item.object.metadata.deletionTimestamp !== undefined) {
        for (const dependent of graph.dependentsOf(uid)) queue.add(uidOf(dependent));
      }
      for (const owner of owners) if (waits(graph.get(owner.uid))) queue.add(owner.uid);
    });
  }

  const waits = (item: Item | undefined): boolean =>
    item?.object.metadata.deletionTimestamp !== undefined && hasFinalizer(item.object, foregroundFinalizer);

  /** What the copy would have done is decided again on the object as it is: the copy may not know yet that an owner let go of it. */
  async function collect(item: Item): Promise<void> {
    if ((await decisionOn(item)).kind === 'keep') return;
    const live = await asItIs(item);
    if (!live || live.object.metadata.deletionTimestamp !== undefined) return;
    const decision = await decisionOn(live);
    if (decision.kind === 'unlink') {
      const owners = ownersOf(live).filter(({ uid }) => !decision.uids.includes(uid));
      await patchMetadata(live, { ownerReferences: owners });
    }
    if (decision.kind === 'delete') await remove(live, decision.propagation);
  }

  async function decisionOn(item: Item): Promise<Decision> {
    const states = new Map<string, OwnerState>();
    for (const owner of ownersOf(item)) states.set(owner.uid, await stateOf(owner, item));
    return decide(item, states, graph.dependentsOf(uidOf(item)).length > 0);
  }

  /** Read from the API; undefined when it is gone, or another one has its name. */
  async function asItIs({ resource, object }: Item): Promise<Item | undefined> {
    const found = await kube.get(resource, nameOf(object.metadata));
    return found && found.metadata.uid === object.metadata.uid ? { resource, object: found } : undefined;
  }

  /** Asked of the API: our copy may be too young to know the owner, or too old to know that it is gone. */
  async function stateOf(owner: OwnerReference, { object, resource }: Item): Promise<OwnerState> {
    const known = kinds.get(kindKey(owner));
    if (!known) throw new AppError('unavailable', `kind ${owner.kind} of an owner is not served`);
    // An owner must be in the same namespace or in none; a cluster-wide object cannot be owned by one in a namespace.
    if (known.namespaced && !resource.namespaced) return 'solid';
    const namespace = known.namespaced ? (object.metadata.namespace ?? '') : '';
    const found = await kube.get(known, { namespace, name: owner.name });
    if (found?.metadata.uid !== owner.uid) return 'absent';
    return waits({ resource: known, object: found }) ? 'waiting' : 'solid';
  }

  async function assistDeletion(item: Item): Promise<void> {
    const uid = uidOf(item);
    const dependents = graph.dependentsOf(uid);
    if (hasFinalizer(item.object, orphanFinalizer)) {
      await allSettled(dependents.map((dependent) => orphan(dependent, uid)));
      await dropFinalizer(item, orphanFinalizer);
    } else if (hasFinalizer(item.object, foregroundFinalizer)) {
      for (const dependent of dependents) queue.add(uidOf(dependent));
      if (!dependents.some((dependent) => blocks(dependent, uid)))
        await dropFinalizer(item, foregroundFinalizer);
    }
  }

  async function orphan(dependent: Item, ownerUid: string): Promise<void> {
    const live = await asItIs(dependent);
    if (!live || !ownersOf(live).some(({ uid }) => uid === ownerUid)) return;
    await patchMetadata(live, { ownerReferences: withoutOwner(live.object, ownerUid) });
  }

  async function dropFinalizer(item: Item, finalizer: string): Promise<void> {
    const live = await asItIs(item);
    if (!live || !hasFinalizer(live.object, finalizer)) return;
    const finalizers = (live.object.metadata.finalizers ?? []).filter((one) => one !== finalizer);
    await patchMetadata(live, { finalizers });
  }

  /** Refused with `conflict` when the object changed since it was read. */
  async function patchMetadata({ resource, object }: Item, change: object): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    try {
      await kube.patch(resource, nameOf(object.metadata), { metadata: { uid, resourceVersion, ...change } });
    } catch (error) {
      if (toAppError(error).code !== 'not_found') throw error;
    }
  }

  async function remove({ resource, object }: Item, propagationPolicy: Propagation): Promise<void> {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    log.debug({ kind: resource.kind, namespace, name, propagationPolicy }, 'collecting');
    const answer = await kube.raw({
      method: 'DELETE',
      path: objectPath(resource, nameOf(object.metadata)),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy,
        preconditions: { uid, resourceVersion },
      },
    });
    if (answer.status < 300 || answer.status === 404) return;
    const code = answer.status === 409 ? 'conflict' : 'unavailable';
    throw new AppError(code, `DELETE ${resource.kind} ${name}: ${answer.status}`);
  }

  definitions.onChange((before, after) => {
    const was = before && definedResource(before);
    const is = after && definedResource(after);
    if (is) follow(is);
    else if (was) unfollow(was);
  });

  return { stop: () => queue.stop() };
}

/** Versions of one kind are one kind. */
const kindKey = ({ apiVersion, kind }: { apiVersion: string; kind: string }): string =>
  `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`;

const nameOf = ({ namespace = '', name }: { namespace?: string; name: string }): ObjectName => ({
  namespace,
  name,
});
