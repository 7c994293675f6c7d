/** The StatefulSet controller: gathers a set and what it owns, asks the plan, does it, and reports. */
import { AppError, toAppError } from '../../../../common/errors.ts';
import type { KubeObject, ObjectName, OwnerReference, Resource } from '../../../../operator/kube/kube.ts';
import { keyOf } from '../../../../operator/kube/object-cache.ts';
import {
  controllerRevisions,
  persistentVolumeClaims,
  pods,
  statefulSets,
  type ControllerRevision,
  type PersistentVolumeClaim,
  type Pod,
  type StatefulSet,
} from '../../../../operator/kube/resources.ts';
import {
  allSettled,
  recorder,
  startQueue,
  writeStatus,
  type Controller,
  type ControllerContext,
} from '../controller.ts';
import { claim, controllerOf, controllerReference, withoutOwner } from '../owners.ts';
import { selects } from '../selector.ts';
import { claimsFor } from './claims.ts';
import { buildPod, ordinalOf } from './identity.ts';
import { plan, type Action } from './plan.ts';
import { resolveRevisions, sameContent, surplusRevisions, type Revisions } from './revisions.ts';
import { setStatus } from './status.ts';

export function startStatefulSets(context: ControllerContext): Controller {
  const { kube, clock, informers } = context;
  const sets = informers.of(statefulSets);
  const allPods = informers.of(pods);
  const revisions = informers.of(controllerRevisions);
  const record = recorder(context, 'statefulset-controller');

  const queue = startQueue(context, 'statefulset', async (name) => {
    const set = sets.get(name);
    if (!set) return {};
    const owned = await claimPods(set);
    const history = await claimRevisions(set);
    const resolved = await writeRevision(set, resolveRevisions(set, history));
    const next = plan(set, resolved, owned, clock.now());
    await allSettled(next.actions.map((action) => act(set, action)));
    await writeStatus(kube, statefulSets, set, setStatus(set, resolved, owned, clock.now()));
    await allSettled(
      surplusRevisions(set, history, resolved, owned).map((old) => kube.delete(controllerRevisions, old)),
    );
    return next.lookAgainInMs === undefined ? {} : { againInMs: next.lookAgainInMs + 1 };
  });

  const claimPods = (set: StatefulSet): Promise<Pod[]> => {
    const named = (pod: Pod) => ordinalOf(set, pod.metadata.name) !== undefined;
    return claimAll(set, pods, allPods.claimableBy(set), named);
  };

  const claimRevisions = (set: StatefulSet): Promise<ControllerRevision[]> =>
    claimAll(set, controllerRevisions, revisions.claimableBy(set), () => true);

  /** What is the set's now, after adopting orphans and letting go of what the selector left. */
  async function claimAll<T extends KubeObject>(
    set: StatefulSet,
    resource: Resource<T>,
    found: readonly T[],
    mayAdopt: (object: T) => boolean,
  ): Promise<T[]> {
    const owned: T[] = [];
    for (const object of found) {
      const verdict = claim(set, set.spec?.selector, object);
      if (verdict === 'ours') owned.push(object);
      if (verdict === 'release') {
        await patchOwners(resource, object, withoutOwner(object, set.metadata.uid));
      }
      if (verdict === 'adopt' && mayAdopt(object)) {
        await ensureAdopter(set);
        const owners = [...(object.metadata.ownerReferences ?? []), controllerReference(set)];
        owned.push(await patchOwners(resource, object, owners));
      }
    }
    return owned;
  }

  /** Our copy may not know yet that the set is leaving, or gone: then its orphans are not its any more. */
  async function ensureAdopter(set: StatefulSet): Promise<void> {
    const { metadata } = set;
    const live = await kube.get(statefulSets, nameIn(metadata));
    if (live?.metadata.uid === metadata.uid && live?.metadata.deletionTimestamp === undefined) return;
    throw new AppError('conflict', `StatefulSet ${metadata.name} is leaving and adopts nothing`);
  }

  function patchOwners<T extends KubeObject>(
    resource: Resource<T>,
    { metadata }: T,
    ownerReferences: OwnerReference[],
  ): Promise<T> {
    const { uid, resourceVersion } = metadata;
    return kube.patch(resource, nameIn(metadata), { metadata: { uid, resourceVersion, ownerReferences } });
  }

  /** Stores the update revision when it is not stored yet; a name taken by other content is counted as a collision. */
  async function writeRevision(set: StatefulSet, resolved: Revisions): Promise<Revisions> {
    const { update, write } = resolved;
    if (write === 'renumber') {
      await kube.patch(controllerRevisions, nameIn(update.metadata), { revision: update.revision });
    }
    if (write === 'create' && !(await createOrFind(update))) {
      const status = { ...set.status, collisionCount: (set.status?.collisionCount ?? 0) + 1 };
      await writeStatus(kube, statefulSets, set, status as NonNullable<StatefulSet['status']>);
      const name = update.metadata.name;
      throw toAppError(new Error(`revision name ${name} is taken by another template`));
    }
    return resolved;
  }

  /** False when the name belongs to another template. */
  async function createOrFind(revision: ControllerRevision): Promise<boolean> {
    try {
      await kube.create(controllerRevisions, revision);
      return true;
    } catch (error) {
      if (toAppError(error).code !== 'conflict') throw error;
      const found = await kube.get(controllerRevisions, nameIn(revision.metadata));
      return found !== undefined && sameContent(found, revision);
    }
  }

  function act(set: StatefulSet, action: Action): Promise<void> {
    return action.kind === 'create' ? create(set, action) : remove(set, action.pod);
  }

  async function create(set: StatefulSet, { ordinal, revision }: Action & { kind: 'create' }): Promise<void> {
    const pod = buildPod(set, revision, ordinal);
    const title = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    try {
      await allSettled(claimsFor(set, ordinal).map((claim) => createClaim(claim)));
      await kube.create(pods, pod);
    } catch (error) {
      // Our copy does not show it yet, or an older pod of the name is not gone yet: the watch will tell.
      if (toAppError(error).code === 'conflict') return;
      const message = `create ${title} failed error: ${toAppError(error).message}`;
      record({ about: set, type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
    record({ about: set, type: 'Normal', reason: 'SuccessfulCreate', message: `create ${title} successful` });
  }

  /** One that is there already has the data of the pod before. */
  async function createClaim(claim: PersistentVolumeClaim): Promise<void> {
    if (await kube.get(persistentVolumeClaims, nameIn(claim.metadata))) return;
    await kube.create(persistentVolumeClaims, claim);
  }

  async function remove(set: StatefulSet, pod: Pod): Promise<void> {
    await kube.delete(pods, pod);
    const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
    record({ about: set, type: 'Normal', reason: 'SuccessfulDelete', message });
  }

  sets.onChange((before, after) => {
    const set = after ?? before;
    if (set) queue.add(keyOf(set.metadata));
  });
  revisions.onChange((before, after) => {
    const owner = controllerOf((after ?? before)!);
    const { namespace = '' } = (after ?? before)!.metadata;
    if (owner?.kind === 'StatefulSet') queue.add(`${namespace}/${owner.name}`);
  });
  allPods.onChange((before, after) => {
    for (const pod of [before, after]) if (pod) for (const key of setsOf(pod)) queue.add(key);
  });

  /** The set that controls a pod, or every set that could adopt it. */
  function setsOf(pod: Pod): string[] {
    const owner = controllerOf(pod);
    const { namespace = '' } = pod.metadata;
    if (owner) return owner.kind === 'StatefulSet' ? [`${namespace}/${owner.name}`] : [];
    const adopters = sets
      .inNamespace(namespace)
      .filter((set) => selects(set.spec?.selector, pod.metadata.labels));
    return adopters.map((set) => keyOf(set.metadata));
  }

  return { stop: () => queue.stop() };
}

const nameIn = ({ namespace = '', name }: { namespace?: string; name: string }): ObjectName => ({
  namespace,
  name,
});
