/**
 * The objects of a cluster in memory, as an API server keeps them: versions, generations, the history that watches are told,
 * garbage collection; and what others than the code under test do to them, which is no request.
 */
import { AppError } from '../../common/errors.ts';
import type { KubeObject, ObjectMeta, ObjectName, Resource } from '../../operator/kube/kube.ts';
import { keyOf } from '../../operator/kube/object-cache.ts';
import { equal } from './kube-merge.ts';
import type { Change, Watcher } from './kube-watcher.ts';
import { wire } from './wire.ts';

export interface Stored {
  readonly resource: Pick<Resource, 'apiVersion' | 'kind'>;
  readonly object: KubeObject;
  /** What was last applied, by kind of apply: the fields that a later apply may remove. */
  readonly applied: { readonly main?: KubeObject; readonly status?: KubeObject };
}

export class KubeObjects {
  readonly #now: () => string;
  readonly #objects = new Map<string, Stored>();
  #history: Change[] = [];
  #version = 100;
  #oldest = 0;
  #uids = 0;
  readonly #watchers = new Set<Watcher>();
  readonly #unserved = new Set<string>();

  constructor(now: () => string = () => '2026-01-01T00:00:00Z') {
    this.#now = now;
  }

  /** What somebody else does: creates or replaces an object at once, status and all. Not a request. */
  put<T extends KubeObject>(object: T): T {
    const copy = wire(object);
    const id = idOf(copy, copy.metadata);
    const old = this.#objects.get(id);
    const { generation = 1, uid, creationTimestamp } = old?.object.metadata ?? {};
    const metadata = {
      creationTimestamp: creationTimestamp ?? this.#now(),
      ...copy.metadata,
      uid: copy.metadata.uid ?? uid ?? this.#uid(),
      generation: old && !sameWish(old.object, copy) ? generation + 1 : generation,
    };
    return this.#store(copy, { ...copy, metadata }, old?.applied ?? {});
  }

  /** What somebody else does: removes an object at once, whatever its finalizers. Not a request. */
  remove(object: KubeObject): void {
    const id = idOf(object, object.metadata);
    if (this.#objects.has(id)) this.drop(id);
  }

  /** A look without a request. */
  peek<T extends KubeObject>(resource: Resource<T>, name: ObjectName): T | undefined {
    const stored = this.#objects.get(idOf(resource, name));
    return stored && (wire(stored.object) as T);
  }

  all<T extends KubeObject>(resource: Resource<T>, where: (object: T) => boolean = () => true): T[] {
    const found = this.ofKind(resource).filter((object) => where(object as T));
    return found.map((object) => wire(object) as T);
  }

  /** Every change since the last `compact`, oldest first. */
  get history(): readonly Change[] {
    return this.#history;
  }

  /** Of the last change. */
  get version(): number {
    return this.#version;
  }

  /** Takes the definition of a kind away, and its objects with it. */
  unserve(kind: string): void {
    for (const { resource, object } of [...this.#objects.values()])
      if (resource.kind === kind) this.drop(idOf(resource, object.metadata));
    this.#unserved.add(kind);
    for (const watcher of this.#watchers) if (watcher.kind === kind) watcher.fail(notServed());
  }

  /** Lets the definition of a kind be there. */
  serve(kind: string): void {
    this.#unserved.delete(kind);
  }

  /** Forgets the watch history: a watch from before answers EXPIRED. */
  compact(): void {
    this.#history = [];
    this.#oldest = this.#version;
  }

  /** As `compact` for watches, but `history` still tells. */
  expire(): void {
    this.#oldest = this.#version;
  }

  /** Breaks every open watch. */
  breakWatches(error: Error = lostConnection()): void {
    for (const watcher of this.#watchers) watcher.fail(error);
  }

  /** Sends a bookmark to every open watch. */
  bookmark(): void {
    for (const watcher of this.#watchers) {
      watcher.offer({ type: 'BOOKMARK', resourceVersion: String(this.#version) });
    }
  }

  get openWatches(): number {
    return this.#watchers.size;
  }

  /** Tells a watch what happened since that version, and from now on what happens, until it is let go. */
  protected follow(watcher: Watcher, since: number): void {
    if (since < this.#oldest) watcher.offer({ type: 'EXPIRED' });
    for (const change of this.#history) if (change.version > since) watcher.see(change);
    this.#watchers.add(watcher);
  }

  protected letGo(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  protected isServed(kind: string): boolean {
    return !this.#unserved.has(kind);
  }

  protected createObject<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    applied: Stored['applied'],
  ): T {
    const { apiVersion, kind } = resource;
    const metadata = {
      ...object.metadata,
      uid: this.#uid(),
      generation: 1,
      creationTimestamp: this.#now(),
    };
    return this.#store(resource, { ...object, apiVersion, kind, metadata }, applied);
  }

  /** Puts a new form in place. One that says nothing new changes nothing, as on a real server. */
  protected changeObject<T extends KubeObject>(old: Stored, next: T, applied: Stored['applied']): T {
    const {
      uid,
      generation = 1,
      creationTimestamp,
      resourceVersion,
      namespace,
      deletionTimestamp,
    } = old.object.metadata;
    const fixed = wire({ uid, creationTimestamp, resourceVersion, namespace, deletionTimestamp });
    const metadata: ObjectMeta = { ...next.metadata, ...(fixed as Partial<ObjectMeta>) };
    const candidate = { ...next, metadata: { ...metadata, generation } };
    if (equal(old.object, candidate)) {
      this.#objects.set(idOf(old.resource, old.object.metadata), { ...old, applied });
      return candidate;
    }
    const moved = sameWish(old.object, candidate) ? generation : generation + 1;
    const stored = this.#store(
      old.resource,
      { ...next, metadata: { ...metadata, generation: moved } },
      applied,
    );
    const done = stored.metadata.deletionTimestamp && (stored.metadata.finalizers ?? []).length === 0;
    if (done) this.drop(idOf(old.resource, stored.metadata));
    return stored;
  }

  #store<T extends KubeObject>(resource: Stored['resource'], object: T, applied: Stored['applied']): T {
    const id = idOf(resource, object.metadata);
    const before = this.#objects.get(id)?.object;
    const version = ++this.#version;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#objects.set(id, { resource, object: stored, applied });
    this.#announce({ version, kind: resource.kind, before, after: stored, object: stored });
    return stored;
  }

  protected drop(id: string): void {
    const { resource, object } = this.#objects.get(id)!;
    this.#objects.delete(id);
    const version = ++this.#version;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#announce({ version, kind: resource.kind, before: object, after: undefined, object: last });
    setImmediate(() => {
      this.#collectGarbage(object.metadata.uid);
    });
  }

  #collectGarbage(ownerUid: string | undefined): void {
    for (const [id, { object }] of this.#objects) {
      const owners = object.metadata.ownerReferences ?? [];
      if (owners.length > 0 && owners.every(({ uid }) => uid === ownerUid)) this.drop(id);
    }
  }

  protected markDeleted(old: Stored): void {
    const metadata = { ...old.object.metadata, deletionTimestamp: this.#now() };
    this.#store(old.resource, { ...old.object, metadata }, old.applied);
  }

  #announce(change: Change): void {
    this.#history.push(change);
    for (const watcher of this.#watchers) watcher.see(change);
  }

  protected found(resource: Resource, name: Pick<ObjectMeta, 'namespace' | 'name'>): Stored | undefined {
    return this.#objects.get(idOf(resource, name));
  }

  protected existing(resource: Resource, name: Pick<ObjectMeta, 'namespace' | 'name'>): Stored {
    const found = this.found(resource, name);
    if (!found) throw refused('not_found', 404, 'NotFound', name);
    return found;
  }

  protected ofKind({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): KubeObject[] {
    return [...this.#objects.values()]
      .filter(({ resource }) => resource.kind === kind && resource.apiVersion === apiVersion)
      .map(({ object }) => object);
  }

  #uid(): string {
    return `uid-${++this.#uids}`;
  }
}

export const lostConnection = (): AppError => new AppError('unavailable', 'the connection broke');

export const notServed = (): AppError =>
  new AppError('not_found', 'the server could not find the requested resource');

export function refused(
  code: 'conflict' | 'not_found',
  status: number,
  reason: string,
  { name }: { name: string },
): AppError {
  return new AppError(code, `${name}: ${reason}`, { facts: { status, reason } });
}

export const idOf = (
  { apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>,
  { namespace, name }: { namespace?: string; name: string },
): string => `${apiVersion}/${kind}/${keyOf({ name, ...(namespace ? { namespace } : {}) })}`;

/** Whether two forms differ in metadata and status only: those do not raise the generation. */
function sameWish(a: KubeObject, b: KubeObject): boolean {
  const wish = (object: KubeObject) => ({ ...object, metadata: undefined, status: undefined });
  return equal(wish(a), wish(b));
}
