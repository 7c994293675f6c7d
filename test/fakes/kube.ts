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
import { mergeApplied, mergePatch } from './kube-merge.ts';
import { idOf, KubeObjects, lostConnection, notServed, refused } from './kube-objects.ts';
import { selects } from './kube-selectors.ts';
import { Watcher } from './kube-watcher.ts';
import { wire } from './wire.ts';

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

const reads: ReadonlySet<Verb> = new Set(['get', 'list', 'watch']);

export class FakeKube extends KubeObjects implements Kube {
  /** Everything that was asked since the start or the last `forget`, in order. */
  requests: FakeRequest[] = [];
  /** May wait or throw before a request has an effect. */
  before: Interceptor | undefined;
  /** May wait or throw after the effect, before the answer: "executed but not answered". */
  after: Interceptor | undefined;

  #dead: AppError | undefined;

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

  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined> {
    return this.#request('get', resource, name, undefined, () => this.found(resource, name)?.object as T);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('create', resource, object.metadata, object, (body) => {
      if (this.found(resource, body.metadata)) throw refused('conflict', 409, 'AlreadyExists', body.metadata);
      return this.createObject(resource, body, {});
    });
  }

  apply<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('apply', resource, object.metadata, object, (body) => {
      const wish = withoutStatus(body);
      const old = this.found(resource, body.metadata);
      checkSeen(body.metadata, old?.object.metadata);
      if (!old) return this.createObject(resource, wish, { main: wish });
      const merged = mergeApplied(old.object, old.applied.main, wish) as T;
      return this.changeObject(old, merged, { ...old.applied, main: wish });
    });
  }

  applyStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('applyStatus', resource, object.metadata, object, (body) => {
      const old = this.existing(resource, body.metadata);
      checkSeen(body.metadata, old.object.metadata);
      const wish = { status: (body as { status?: unknown }).status } as unknown as KubeObject;
      const merged = mergeApplied(old.object, old.applied.status, wish) as T;
      return this.changeObject(old, merged, { ...old.applied, status: wish });
    });
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#request('update', resource, object.metadata, object, (body) => {
      const old = this.existing(resource, body.metadata);
      const { resourceVersion } = body.metadata;
      if (resourceVersion !== old.object.metadata.resourceVersion) {
        throw refused('conflict', 409, 'Conflict', body.metadata);
      }
      const { status } = old.object as { status?: unknown };
      return this.changeObject(old, { ...body, ...(status === undefined ? {} : { status }) }, old.applied);
    });
  }

  patch<T extends KubeObject>(resource: Resource<T>, name: ObjectName, patch: unknown): Promise<T> {
    return this.#request('patch', resource, name, patch, (body) => {
      const old = this.existing(resource, name);
      const { metadata } = body as { metadata?: Partial<ObjectMeta> };
      checkSeen({ ...metadata, name: name.name }, old.object.metadata);
      return this.changeObject(old, mergePatch(old.object, body) as T, old.applied);
    });
  }

  async delete(resource: Resource, object: KubeObject): Promise<void> {
    const { metadata } = object;
    await this.#request('delete', resource, metadata, undefined, () => {
      const old = this.found(resource, metadata);
      const another = metadata.uid !== undefined && old?.object.metadata.uid !== metadata.uid;
      if (!old || another) return;
      if ((old.object.metadata.finalizers ?? []).length === 0) this.drop(idOf(resource, metadata));
      else if (!old.object.metadata.deletionTimestamp) this.markDeleted(old);
    });
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    return this.#request('list', resource, placeOf(query), query, () => ({
      items: this.ofKind(resource).filter((object) => selects(query, object)) as T[],
      resourceVersion: String(this.version),
    }));
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery & { resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const watcher = new Watcher(resource.kind, query, signal);
    await this.#request('watch', resource, placeOf(query), query, () => {
      this.follow(watcher, Number(query.resourceVersion));
    });
    try {
      for (let event = await watcher.next(); event; event = await watcher.next())
        yield event as WatchEvent<T>;
    } finally {
      this.letGo(watcher);
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
    if (!this.isServed(kind) && verb !== 'get') throw notServed();
    const answer = effect(sent);
    await Promise.resolve();
    await this.after?.(request);
    return wire(answer);
  }
}

/** A write that names a uid or a resourceVersion is for the object as it was then. */
function checkSeen(seen: ObjectMeta, live: ObjectMeta | undefined): void {
  const isOther = (field: 'uid' | 'resourceVersion') =>
    seen[field] !== undefined && seen[field] !== live?.[field];
  if (isOther('uid') || isOther('resourceVersion')) throw refused('conflict', 409, 'Conflict', seen);
}

function withoutStatus<T extends KubeObject>(object: T): T {
  const copy: T & { status?: unknown } = { ...object };
  delete copy.status;
  return copy;
}

const placeOf = ({ namespace }: ListQuery) => ({ name: '', ...(namespace ? { namespace } : {}) });
