/**
 * The few API verbs an operator needs, as a port. `client.ts` is its form over a real API server.
 *
 * Failures are thrown as `AppError`: `conflict` (409), `not_found` (404, where it is not an expected answer), `forbidden` (401, 403), `invalid`
 * (400, 415, 422, and the 500 that an API server gives for an undeclared field in an apply; also an answer over the size limit), `unavailable` (429, 5xx, a broken
 * connection), `timeout`. `facts` carry the HTTP status, the API's reason, and `retryAfterMs` when the server asked for it.
 *
 * Scope is told by presence: an object with `metadata.namespace` lives in it, one without is of the whole cluster.
 */
import type { OwnerReference } from '../schema/object.ts';

export type { OwnerReference };

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

/** Any object as it is on the wire: times are strings, unknown fields are kept. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A kind of object and where the API serves it. */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  /** Only for inference of `T`; never set. */
  readonly example?: T;
}

export interface ObjectName {
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
}

export interface Kube {
  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined>;

  /** Fails with `conflict` when the name is taken. */
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;

  /** Server-side apply, forced, as this operator's field manager: the fields in `object`, and only those, are ours. */
  apply<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;

  /** Server-side apply of the status subresource under a field manager of its own. */
  applyStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;

  /** Replaces the object; `metadata.resourceVersion` must be the one that was read. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;

  /** JSON merge patch. */
  patch<T extends KubeObject>(resource: Resource<T>, name: ObjectName, patch: unknown): Promise<T>;

  /** Deletes exactly this object: `uid` guards against another one of the same name. Already gone is success. */
  delete(resource: Resource, object: KubeObject): Promise<void>;

  /** One page-by-page list. `namespace` undefined means all namespaces. */
  list<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery,
  ): Promise<{ items: T[]; resourceVersion: string }>;

  /** Events after `resourceVersion` until the stream ends, breaks (throws `unavailable`) or the signal aborts. */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    query: ListQuery & { resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}

export interface ListQuery {
  readonly namespace: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** The requested resourceVersion is gone: list again. */
  | { readonly type: 'EXPIRED' };
