/** Makes one owned object as it is wished, with at most one write, and says so. */
import { appliedHashAnnotation } from '../api/labels.ts';
import { contentHash } from '../api/digest.ts';
import { covers, difference } from '../decide/difference.ts';
import type { KubeObject, ObjectName, Resource } from '../kube/kube.ts';
import { announceDeleted, announceWrite } from './announce.ts';
import { foreign } from './blockage.ts';
import { confirm } from './confirm.ts';
import { isOwnedBy } from './ownership.ts';
import type { Pass } from './pass.ts';

/**
 * Makes the object called `name` cover `wish`; without a wish, makes it go away.
 * Returns the live object. Throws when the name is somebody else's.
 */
export async function keep<T extends KubeObject>(
  pass: Pass,
  resource: Resource<T>,
  name: string,
  wish: T | undefined,
): Promise<T | undefined> {
  const key = { namespace: pass.cluster.metadata.namespace ?? '', name };
  if (!wish) return removeOurs(pass, resource, key);
  const live = await find(pass, resource, key);
  if (live?.metadata.deletionTimestamp) return live;
  const stamped = stamp(wish);
  if (live && covers(live, stamped)) return live;
  const field = live ? difference(live, wish) : undefined;
  return apply(pass, resource, stamped, { live, field });
}

/** The object when it is ours; asks the API server before it says that there is none. */
async function find<T extends KubeObject>(
  pass: Pass,
  resource: Resource<T>,
  name: ObjectName,
): Promise<T | undefined> {
  const { cluster, deps } = pass;
  const cached = cachedOurs(pass, resource, name);
  if (cached) return cached;
  const live = await deps.kube.get(resource, name);
  if (live && !isOwnedBy(live, cluster)) throw foreign({ ...live, kind: resource.kind });
  return live;
}

function cachedOurs<T extends KubeObject>(
  { cluster, deps }: Pass,
  resource: Resource<T>,
  name: ObjectName,
): T | undefined {
  const cached = deps.ownWrites.freshest(resource, name, deps.caches.owned(resource).get(name));
  return cached && isOwnedBy(cached, cluster) ? cached : undefined;
}

async function apply<T extends KubeObject>(
  pass: Pass,
  resource: Resource<T>,
  wish: T,
  { live, field }: { live: T | undefined; field: string | undefined },
): Promise<T> {
  const { kube, ownWrites, metrics } = pass.deps;
  if (!live) await confirm(pass);
  const written = await kube.apply(resource, live ? over(live, wish) : wish);
  ownWrites.wrote(resource, written);
  metrics.wrote(resource.kind, live ? 'update' : 'create');
  announceWrite(pass, { before: live, after: written, field });
  return written;
}

/** Refused by the API server when the name is another object's by now, or the object is not as it was seen: what was decided on is history. */
function over<T extends KubeObject>({ metadata: { uid, resourceVersion } }: T, wish: T): T {
  const seen = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  return { ...wish, metadata: { ...wish.metadata, ...seen } };
}

/** A name that is not needed may be anybody's; and an object that the cache does not hold yet is told when it does. */
async function removeOurs<T extends KubeObject>(
  pass: Pass,
  resource: Resource<T>,
  name: ObjectName,
): Promise<undefined> {
  const { kube, ownWrites, metrics } = pass.deps;
  const live = cachedOurs(pass, resource, name);
  if (!live || live.metadata.deletionTimestamp) return;
  await confirm(pass);
  await kube.delete(resource, live);
  ownWrites.deleted(resource, live);
  metrics.wrote(resource.kind, 'delete');
  announceDeleted(pass, resource.kind, live);
}

/** Carries the hash of the wish, so that a field we have stopped to wish for is taken back too. */
export function stamp<T extends KubeObject>(wish: T): T {
  const hash = contentHash(wish).slice(0, 16);
  const annotations = { ...wish.metadata.annotations, [appliedHashAnnotation]: hash };
  return { ...wish, metadata: { ...wish.metadata, annotations } };
}
