/**
 * The `Kube` port in memory: one API server for tests of code that uses the port. Every effect happens after the call
 * returned, answers are copies, and each request is written down so that a test can say "no writes".
 *
 * Left out on purpose: validation, defaulting, authorization, several field managers on one field. Lists are replaced as
 * a whole by an apply.
 */
import { AppError } from '../../common/errors.ts';
import type {
  Kube,
  KubeObject,
  ListQuery,
  ObjectMeta,
  ObjectName,
  Resource,
  WatchEvent,
} from '../../operator/kube/kube.ts';
import { keyOf } from '../../operator/kube/object-cache.ts';
import { equal, mergeApplied, mergePatch } from './kube-merge.ts';
import { selects } from './kube-selectors.ts';

type Verb = 'get' | 'list' | 'watch' | 'create' | 'apply' | 'applyStatus' | 'update' | 'patch' | 'delete';

export interface FakeRequest {
  readonly verb: Verb;
  readonly kind: string;
  readonly namespace: string;
  /** Empty for lists and watches. */
  readonly name: string;
  /** The object or patch of a write, the query of a list or a watch. */
  readonly body?: unknown;
  /** Counts the writes from 1 since the start or the last `forget`; 0 for a read. */
  readonly write: number;
}

/** Runs before or after a request takes effect; what it throws is what the caller sees. */
export type Interceptor = (request: FakeRequest) => void | Promise<void>;

interface Stored {
  readonly resource: Pick<Resource, 'apiVersion' | 'kind'>;
  readonly object: KubeObject;
  /** What was last applied, by kind of apply: the fields that a later apply may remove. */
  readonly applied: { readonly main?: KubeObject; readonly status?: KubeObject };
}

export interface Change {
  readonly version: number;
  readonly kind: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
  readonly object: KubeObject;
}

const reads: ReadonlySet<Verb> = new Set(['get', 'list', 'watch']);

export class FakeKube implements Kube {
  /** Everything that was asked since the start or the last `forget`, in order. */
  requests: FakeRequest[] = [];
  /** May wait or throw before a request has an effect. */
  before: Interceptor | undefined;
  /** May wait or throw after the effect, before the answer: "executed but not answered". */
  after: Interceptor | undefined;

  readonly #now: () => string;
  readonly #objects = new Map<string, Stored>();
  #history: Change[] = [];
  #version = 100;
  #oldest = 0;
  #uids = 0;
  #dead: AppError | undefined;
  readonly #watchers = new Set<Watcher>();
  readonly #unserved = new Set<string>();

  constructor(now: () => string = () => '2026-01-01T00:00:00Z') {
    this.#now = now;
  }

  /** The writes since the start or the last `forget`, as `verb kind name`. */
  writes(): string[] {
    return this.requests
      .filter(({ verb }) => !reads.has(verb))
      .map(({ verb, kind, name }) => `${verb} ${kind} ${name}`);
  }

  forget(): void {
    this.requests = [];
  }

  /** Makes the n-th write fail, once, before or after it took effect. */
  failWrite(n: number, when: 'before' | 'after', error: Error = lostConnection()): void {
    let done = false;
    this[when] = ({ write }) => {
      if (write !== n || done) return;
      done = true;
      throw error;
    };
  }

  /** As `failWrite`, and every request after it fails as well, until `revive`: the caller's process died there. */
  killAtWrite(n: number, when: 'before' | 'after'): void {
    this[when] = ({ write }) => {
      if (write !== n) return;
      this.#dead = lostConnection();
      throw this.#dead;
    };
  }

  revive(): void {
    this.#dead = this.before = this.after = undefined;
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
    if (this.#objects.has(id)) this.#drop(id);
  }

  /** A look without a request. */
  peek<T extends KubeObject>(resource: Resource<T>, name: ObjectName): T | undefined {
    const stored = this.#objects.get(idOf(resource, name));
    return stored && (wire(stored.object) as T);
  }

  all<T extends KubeObject>(resource: Resource<T>, where: (object: T) => boolean = () => true): T[] {
    const found = this.#ofKind(resource).filter((object) => where(object as T));
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
      if (resource.kind === kind) this.#drop(idOf(resource, object.metadata));
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

  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined> {
    return this.#request('get', resource, name, undefined, () => this.#found(resource, name)?.object as T);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('create', resource, object.metadata, object, (body) => {
      if (this.#found(resource, body.metadata))
        throw refused('conflict', 409, 'AlreadyExists', body.metadata);
      return this.#create(resource, body, {});
    });
  }

  apply<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('apply', resource, object.metadata, object, (body) => {
      const wish = withoutStatus(body);
      const old = this.#found(resource, body.metadata);
      if (!old) return this.#create(resource, wish, { main: wish });
      const merged = mergeApplied(old.object, old.applied.main, wish) as T;
      return this.#change(old, merged, { ...old.applied, main: wish });
    });
  }

  applyStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('applyStatus', resource, object.metadata, object, (body) => {
      const old = this.#existing(resource, body.metadata);
      const wish = { status: (body as { status?: unknown }).status } as unknown as KubeObject;
      const merged = mergeApplied(old.object, old.applied.status, wish) as T;
      return this.#change(old, merged, { ...old.applied, status: wish });
    });
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('update', resource, object.metadata, object, (body) => {
      const old = this.#existing(resource, body.metadata);
      const { resourceVersion } = body.metadata;
      if (resourceVersion !== old.object.metadata.resourceVersion) {
        throw refused('conflict', 409, 'Conflict', body.metadata);
      }
      const { status } = old.object as { status?: unknown };
      return this.#change(old, { ...body, ...(status === undefined ? {} : { status }) }, old.applied);
    });
  }

  patch<T extends KubeObject>(resource: Resource<T>, name: ObjectName, patch: unknown): Promise<T> {
    return this.#request('patch', resource, name, patch, (body) => {
      const old = this.#existing(resource, name);
      return this.#change(old, mergePatch(old.object, body) as T, old.applied);
    });
  }

  async delete(resource: Resource, object: KubeObject): Promise<void> {
    const { metadata } = object;
    await this.#request('delete', resource, metadata, undefined, () => {
      const old = this.#found(resource, metadata);
      const another = metadata.uid !== undefined && old?.object.metadata.uid !== metadata.uid;
      if (!old || another) return;
      if ((old.object.metadata.finalizers ?? []).length === 0) this.#drop(idOf(resource, metadata));
      else if (!old.object.metadata.deletionTimestamp) this.#markDeleted(old);
    });
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    return this.#request('list', resource, placeOf(query), query, () => ({
      items: this.#ofKind(resource).filter((object) => selects(query, object)) as T[],
      resourceVersion: String(this.#version),
    }));
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery & { resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const watcher = new Watcher(resource.kind, query, signal);
    await this.#request('watch', resource, placeOf(query), query, () => {
      const from = Number(query.resourceVersion);
      if (from < this.#oldest) watcher.offer({ type: 'EXPIRED' });
      for (const change of this.#history) if (change.version > from) watcher.see(change);
      this.#watchers.add(watcher);
    });
    try {
      for (let event = await watcher.next(); event; event = await watcher.next())
        yield event as WatchEvent<T>;
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async #request<B, R>(
    verb: Verb,
    { kind }: Pick<Resource, 'kind'>,
    { namespace = '', name }: Pick<ObjectMeta, 'namespace' | 'name'>,
    body: B,
    effect: (body: B) => R,
  ): Promise<R> {
    const sent = wire(body);
    const write = reads.has(verb) ? 0 : this.writes().length + 1;
    const request = { verb, kind, namespace, name, body: sent, write };
    this.requests.push(request);
    await Promise.resolve();
    if (this.#dead) throw this.#dead;
    await this.before?.(request);
    if (this.#unserved.has(kind) && verb !== 'get') throw notServed();
    const answer = effect(sent);
    await Promise.resolve();
    await this.after?.(request);
    return wire(answer);
  }

  #create<T extends KubeObject>(resource: Resource<T>, object: T, applied: Stored['applied']): T {
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
  #change<T extends KubeObject>(old: Stored, next: T, applied: Stored['applied']): T {
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
    if (done) this.#drop(idOf(old.resource, stored.metadata));
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

  #drop(id: string): void {
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
      if (owners.length > 0 && owners.every(({ uid }) => uid === ownerUid)) this.#drop(id);
    }
  }

  #markDeleted(old: Stored): void {
    const metadata = { ...old.object.metadata, deletionTimestamp: this.#now() };
    this.#store(old.resource, { ...old.object, metadata }, old.applied);
  }

  #announce(change: Change): void {
    this.#history.push(change);
    for (const watcher of this.#watchers) watcher.see(change);
  }

  #found(resource: Resource, name: Pick<ObjectMeta, 'namespace' | 'name'>): Stored | undefined {
    return this.#objects.get(idOf(resource, name));
  }

  #existing(resource: Resource, name: Pick<ObjectMeta, 'namespace' | 'name'>): Stored {
    const found = this.#found(resource, name);
    if (!found) throw refused('not_found', 404, 'NotFound', name);
    return found;
  }

  #ofKind({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): KubeObject[] {
    return [...this.#objects.values()]
      .filter(({ resource }) => resource.kind === kind && resource.apiVersion === apiVersion)
      .map(({ object }) => object);
  }

  #uid(): string {
    return `uid-${++this.#uids}`;
  }
}

/** One open watch: events that wait to be read, or a reader that waits for an event. */
const notServed = (): AppError =>
  new AppError('not_found', 'the server could not find the requested resource');

class Watcher {
  readonly kind: string;
  readonly #query: ListQuery;
  readonly #signal: AbortSignal;
  readonly #events: WatchEvent<KubeObject>[] = [];
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(kind: string, query: ListQuery, signal: AbortSignal) {
    this.kind = kind;
    this.#query = query;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      this.#wake();
    });
  }

  /** An object that leaves the selection is DELETED for this watch, one that enters it is ADDED. */
  see({ kind, before, after, object }: Change): void {
    if (kind !== this.kind) return;
    const was = before !== undefined && selects(this.#query, before);
    const is = after !== undefined && selects(this.#query, after);
    if (!was && !is) return;
    this.offer({ type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: wire(object) });
  }

  offer(event: WatchEvent<KubeObject>): void {
    this.#events.push(event);
    this.#wake();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#wake();
  }

  async next(): Promise<WatchEvent<KubeObject> | undefined> {
    for (;;) {
      if (this.#signal.aborted) return undefined;
      const event = this.#events.shift();
      if (event) return event;
      if (this.#error) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const lostConnection = (): AppError => new AppError('unavailable', 'the connection broke');

function refused(
  code: 'conflict' | 'not_found',
  status: number,
  reason: string,
  { name }: { name: string },
): AppError {
  return new AppError(code, `${name}: ${reason}`, { facts: { status, reason } });
}

/** A deep copy as if it had crossed the wire: no shared parts, no undefined fields. */
const wire = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

const idOf = (
  { apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>,
  { namespace, name }: { namespace?: string; name: string },
): string => `${apiVersion}/${kind}/${keyOf({ name, ...(namespace ? { namespace } : {}) })}`;

function withoutStatus<T extends KubeObject>(object: T): T {
  const copy: T & { status?: unknown } = { ...object };
  delete copy.status;
  return copy;
}

const placeOf = ({ namespace }: ListQuery) => ({ name: '', ...(namespace ? { namespace } : {}) });

/** Whether two forms differ in metadata and status only: those do not raise the generation. */
function sameWish(a: KubeObject, b: KubeObject): boolean {
  const wish = (object: KubeObject) => ({ ...object, metadata: undefined, status: undefined });
  return equal(wish(a), wish(b));
}
