/**
 * The `Kube` port over a real API server: each verb is one HTTP request, lists are several, a watch is one that lasts.
 *
 *   login.ts      who we are and over which sockets     transport.ts      one request, its time, size and retries
 *   failures.ts   what a refusal means                  watch-stream.ts   bytes to watch events
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError, toAppError } from '../../common/errors.ts';
import type { Kube, KubeObject, ListQuery, ObjectMeta, ObjectName, Resource, WatchEvent } from './kube.ts';
import type { Login } from './login.ts';
import { collectionPath, objectPath, withQuery } from './paths.ts';
import { Transport, type ApiAnswer, type ApiRequest, type Attempt } from './transport.ts';
import { decodeEvent, impatient, lines } from './watch-stream.ts';

export interface ClientOptions {
  readonly login: Login;
  /** Owner of the fields we apply; the status is applied as `<fieldManager>-status`. */
  readonly fieldManager: string;
  readonly userAgent: string;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
  /**
   * A watch without a byte for so long counts as broken; the server sends a bookmark about once a minute. Default 90 s. That it watches
   * at all it says within `requestTimeoutMs`.
   */
  readonly watchIdleMs?: number;
  /** Default 64 MiB. */
  readonly answerBytesMax?: number;
  /** Told of every HTTP attempt, for metrics. */
  readonly observe?: (attempt: Attempt) => void;
}

export interface DeleteOptions {
  /** Zero removes a pod from the API at once, without asking its kubelet; seconds. */
  readonly gracePeriodSeconds?: number;
}

export interface SubresourceRequest {
  readonly resource: Pick<Resource, 'apiVersion' | 'plural'>;
  readonly name: ObjectName;
  /** Such as `status`, `scale`, `binding`, `eviction`. */
  readonly subresource: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly body?: unknown;
  /** Of a PATCH; JSON merge patch when absent. */
  readonly contentType?: string;
}

export interface KubeClient extends Kube {
  /** The namespace of the kubeconfig context; in a pod, the pod's own. */
  readonly namespace: string;
  delete(resource: Resource, object: KubeObject, options?: DeleteOptions): Promise<void>;
  subresource<T = unknown>(request: SubresourceRequest): Promise<T>;
  version(): Promise<{ gitVersion: string }>;
  /** The same, for a process that may lose the right to write: nothing is sent that writes while `mayWrite` says no. */
  fenced(mayWrite: () => boolean): KubeClient;
  /** The same, for few requests that cannot wait: they are sent also while as many as may be are without an answer. */
  beside(): KubeClient;
  /** Any request, answered with whatever the server says: for probing a server, not for objects. */
  raw(request: Omit<ApiRequest, 'repeatable'>): Promise<ApiAnswer>;
  /** Breaks all connections; every request in flight and after fails. */
  close(): Promise<void>;
}

/** Small, because a page is in memory as text and as objects at once. */
const pageSize = 100;
const mergePatch = 'application/merge-patch+json';
const applyPatch = 'application/apply-patch+yaml';

/** Does not talk to the server yet. */
export function connectAs(options: ClientOptions): KubeClient {
  const { log, observe, login } = options;
  const transport = new Transport({
    ...options,
    credentials: login,
    answerBytesMax: options.answerBytesMax ?? 64 * 1024 * 1024,
    observe: (attempt) => {
      log?.trace(attempt, 'api request');
      observe?.(attempt);
    },
  });
  return new HttpKube(transport, options);
}

class HttpKube implements KubeClient {
  readonly #transport: Transport;
  readonly #options: ClientOptions;

  constructor(transport: Transport, options: ClientOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  get namespace(): string {
    return this.#options.login.namespace;
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined> {
    try {
      const path = objectPath(resource, name);
      return await this.#object<T>({ method: 'GET', path, repeatable: true });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const path = withQuery(collectionPath(resource, object.metadata.namespace), {
      fieldManager: this.#options.fieldManager,
    });
    return this.#object({ method: 'POST', path, body: object, repeatable: false });
  }

  apply<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#apply(objectPath(resource, object.metadata), object, this.#options.fieldManager);
  }

  applyStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const path = objectPath(resource, object.metadata, 'status');
    return this.#apply(path, object, `${this.#options.fieldManager}-status`);
  }

  #apply<T extends KubeObject>(path: string, object: T, fieldManager: string): Promise<T> {
    return this.#object({
      method: 'PATCH',
      path: withQuery(path, { fieldManager, force: 'true' }),
      body: object,
      contentType: applyPatch,
      repeatable: true,
    });
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const { fieldManager } = this.#options;
    const path = withQuery(objectPath(resource, object.metadata), { fieldManager });
    return this.#object({ method: 'PUT', path, body: object, repeatable: false });
  }

  patch<T extends KubeObject>(resource: Resource<T>, name: ObjectName, patch: unknown): Promise<T> {
    const { fieldManager } = this.#options;
    const path = withQuery(objectPath(resource, name), { fieldManager });
    return this.#object({ method: 'PATCH', path, body: patch, contentType: mergePatch, repeatable: false });
  }

  async delete(resource: Resource, object: KubeObject, options: DeleteOptions = {}): Promise<void> {
    const { uid } = object.metadata;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
      ...options,
    };
    const path = objectPath(resource, object.metadata);
    try {
      await this.#transport.json({ method: 'DELETE', path, body, repeatable: uid !== undefined });
    } catch (error) {
      if (isMissing(error)) return;
      if (!(await this.#isReplaced(resource, object, error))) throw error;
    }
  }

  /** Whether a delete was refused because the name belongs to another object by now. */
  async #isReplaced(resource: Resource, { metadata }: KubeObject, error: unknown): Promise<boolean> {
    if (metadata.uid === undefined || toAppError(error).code !== 'conflict') return false;
    const found = await this.get(resource, nameOf(metadata));
    return found?.metadata.uid !== metadata.uid;
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listPages(resource, query);
      } catch (error) {
        // The snapshot that the pages are cut from has expired: only a new one helps.
        const expired = toAppError(error).facts['status'] === 410;
        if (!expired || attempt === 3) throw error;
      }
    }
  }

  async #listPages<T extends KubeObject>(resource: Resource<T>, query: ListQuery) {
    const items: T[] = [];
    let page: List<T>;
    let next: string | undefined;
    do {
      page = await this.#page(resource, query, next);
      for (const item of page.items ?? []) items.push({ ...item, ...kindOf(resource) });
      next = page.metadata.continue;
    } while (next);
    return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
  }

  async #page<T extends KubeObject>(resource: Resource<T>, query: ListQuery, next: string | undefined) {
    const path = withQuery(collectionPath(resource, query.namespace), {
      ...selectors(query),
      limit: String(pageSize),
      continue: next,
    });
    return (await this.#transport.json({ method: 'GET', path, repeatable: true })) as List<T>;
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery & { resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const path = this.#watchPath(resource, query);
    const title = `WATCH ${collectionPath(resource, query.namespace)}`;
    const connection = new AbortController();
    const hangUp = () => {
      connection.abort();
    };
    signal.addEventListener('abort', hangUp, { once: true });
    try {
      if (signal.aborted) return;
      for await (const line of this.#watchLines(path, title, connection)) yield decodeEvent<T>(line, title);
    } catch (error) {
      if (signal.aborted) return;
      if (toAppError(error).facts['status'] !== 410) throw error;
      yield { type: 'EXPIRED' };
    } finally {
      signal.removeEventListener('abort', hangUp);
      hangUp();
    }
  }

  async *#watchLines(path: string, title: string, connection: AbortController): AsyncGenerator<string> {
    const {
      clock,
      requestTimeoutMs,
      watchIdleMs = 90_000,
      answerBytesMax = 64 * 1024 * 1024,
    } = this.#options;
    const hangUpAfter = (ms: number) => () => {
      connection.abort(new AppError('unavailable', `${title}: silent for ${ms} ms`));
    };
    // A server answers at once that it watches, though it may have nothing to tell for long.
    const openingMs = Math.min(requestTimeoutMs, watchIdleMs);
    const cancel = clock.after(openingMs, hangUpAfter(openingMs));
    try {
      const body = await this.#transport
        .open({ method: 'GET', path, repeatable: false }, connection.signal)
        .finally(cancel);
      yield* lines(
        impatient(body, { clock, idleMs: watchIdleMs, onIdle: hangUpAfter(watchIdleMs) }),
        answerBytesMax,
      );
    } catch (error) {
      const { reason } = connection.signal as { reason?: unknown };
      if (reason instanceof AppError) throw reason;
      if (error instanceof AppError) throw error;
      throw new AppError('unavailable', `${title}: the connection broke`, { cause: error });
    }
  }

  #watchPath(resource: Resource, query: ListQuery & { resourceVersion: string }): string {
    // Spread over two minutes, so that the watches of many operators do not end together.
    const timeoutSeconds = Math.round(240 + 120 * this.#options.random.next());
    return withQuery(collectionPath(resource, query.namespace), {
      ...selectors(query),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: query.resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    });
  }

  async subresource<T>(request: SubresourceRequest): Promise<T> {
    const { resource, name, subresource, method, body, contentType } = request;
    const { fieldManager } = this.#options;
    const path = objectPath(resource, name, subresource);
    return (await this.#transport.json({
      method,
      path: method === 'GET' ? path : withQuery(path, { fieldManager }),
      body,
      repeatable: method === 'GET',
      ...(method === 'PATCH' ? { contentType: contentType ?? mergePatch } : {}),
    })) as T;
  }

  async version(): Promise<{ gitVersion: string }> {
    const request = { method: 'GET', path: '/version', repeatable: true } as const;
    return (await this.#transport.json(request)) as { gitVersion: string };
  }

  fenced(mayWrite: () => boolean): KubeClient {
    return new HttpKube(this.#transport.fenced(mayWrite), this.#options);
  }

  beside(): KubeClient {
    return new HttpKube(this.#transport.beside(), this.#options);
  }

  raw(request: Omit<ApiRequest, 'repeatable'>): Promise<ApiAnswer> {
    return this.#transport.answer({ ...request, repeatable: false });
  }

  close(): Promise<void> {
    return this.#options.login.close();
  }

  async #object<T extends KubeObject>(request: ApiRequest): Promise<T> {
    return (await this.#transport.json(request)) as T;
  }
}

interface List<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  /** Null when a server written in Go has none. */
  readonly items?: readonly T[] | null;
}

/** The items of a list do not say their own kind. */
const kindOf = ({ apiVersion, kind }: Resource) => ({ apiVersion, kind });

const selectors = ({ labelSelector, fieldSelector }: ListQuery) => ({ labelSelector, fieldSelector });

const nameOf = ({ namespace, name }: ObjectMeta): ObjectName => ({ namespace: namespace ?? '', name });

const isMissing = (error: unknown): boolean => toAppError(error).code === 'not_found';
