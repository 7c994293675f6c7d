/**
 * What this process wrote lately. A cache may still show the world from before our own write, and a decision made on that
 * would be a decision on old facts: status would call a rollout settled that has just been asked for. So the newer of the
 * two is taken, until the cache has caught up or the write is too old to be missed by chance.
 */
import type { Clock } from '../../common/clock.ts';
import type { KubeObject, ObjectName, Resource } from '../kube/kube.ts';
import { keyOf, ownerUids, withoutManagedFields } from '../kube/object-cache.ts';
import { isOlder } from '../kube/resource-version.ts';

interface Write {
  readonly kind: string;
  readonly object: KubeObject;
  readonly isDeletion: boolean;
  readonly at: number;
}

/** A cache that is later than this is broken, and a cache is what we believe in the end. */
const trustMs = 30_000;

export class OwnWrites {
  readonly #clock: Clock;
  readonly #writes = new Map<string, Write>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wrote({ kind }: Pick<Resource, 'kind'>, object: KubeObject): void {
    this.#note(kind, object, false);
  }

  deleted({ kind }: Pick<Resource, 'kind'>, object: KubeObject): void {
    this.#note(kind, object, true);
  }

  /** A watch told that the object is gone: whatever we wrote to it is history. */
  seenGone({ kind }: Pick<Resource, 'kind'>, object: KubeObject): void {
    const id = idOf(kind, object.metadata);
    if (this.#writes.get(id)?.object.metadata.uid === object.metadata.uid) this.#writes.delete(id);
  }

  freshest<T extends KubeObject>(
    { kind }: Resource<T>,
    name: ObjectName,
    cached: T | undefined,
  ): T | undefined {
    const id = idOf(kind, name);
    const write = this.#writes.get(id);
    if (!write) return cached;
    if (this.#hasCaughtUp(write, cached)) {
      this.#writes.delete(id);
      return cached;
    }
    return write.isDeletion ? undefined : (write.object as T);
  }

  /** As `freshest`, for all objects of a kind that one owner has. */
  freshestOwned<T extends KubeObject>(resource: Resource<T>, ownerUid: string, cached: readonly T[]): T[] {
    const written = [...this.#writes.values()].filter(
      ({ kind, object }) => kind === resource.kind && ownerUids(object).includes(ownerUid),
    );
    const names = new Map(
      [...cached, ...written.map(({ object }) => object)].map((o) => [keyOf(o.metadata), o.metadata]),
    );
    return [...names.values()].flatMap(({ namespace = '', name }) => {
      const twin = cached.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
      return this.freshest(resource, { namespace, name }, twin) ?? [];
    });
  }

  #note(kind: string, written: KubeObject, isDeletion: boolean): void {
    const [object, at] = [withoutManagedFields(written), this.#clock.monotonic()];
    this.#writes.set(idOf(kind, object.metadata), { kind, object, isDeletion, at });
  }

  #hasCaughtUp({ object, isDeletion, at }: Write, cached: KubeObject | undefined): boolean {
    if (this.#clock.monotonic() - at > trustMs) return true;
    if (isDeletion) return cached === undefined || cached.metadata.uid !== object.metadata.uid;
    return cached !== undefined && isAsNew(cached, object);
  }
}

/** The same version, or a later one. */
function isAsNew(cached: KubeObject, written: KubeObject): boolean {
  const [a = '', b = ''] = [cached.metadata.resourceVersion, written.metadata.resourceVersion];
  return a === b || isOlder(b, a);
}

const idOf = (kind: string, name: { namespace?: string; name: string }): string => `${kind} ${keyOf(name)}`;
