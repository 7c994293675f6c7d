/**
 * The objects of one kind as last heard, with indexes. Objects in here are shared by all readers and never written to:
 * a change is a new object under the same key.
 */
import type { KubeObject, ObjectMeta, ObjectName } from './kube.ts';

/** `namespace/name`, or the name alone for an object of the whole cluster. */
export const keyOf = ({ namespace, name }: { namespace?: string; name: string }): string =>
  namespace ? `${namespace}/${name}` : name;

/** The values under which an object is found, such as the uids of its owners. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Index by the uid of each owner. */
export const ownerUids = ({ metadata }: KubeObject): readonly string[] =>
  (metadata.ownerReferences ?? []).map(({ uid }) => uid);

/** `managedFields` is often half of an object and nobody here reads it. Left out, not deleted, which would make V8 keep a table for each object. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const kept = Object.entries(object.metadata).filter(([name]) => name !== 'managedFields');
  return { ...object, metadata: Object.fromEntries(kept) as unknown as ObjectMeta };
}

/** What a reader of the cache may do. */
export interface ObjectReader<T extends KubeObject> {
  get(name: ObjectName): T | undefined;
  list(): readonly T[];
  /** Throws when there is no index of that name: a misspelt one must not look like "none found". */
  byIndex(index: string, value: string): readonly T[];
}

export class ObjectCache<T extends KubeObject> implements ObjectReader<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: ReadonlyMap<string, Index<T>>;

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    this.#indexes = new Map(
      Object.entries(indexes).map(([name, valuesOf]) => [name, { valuesOf, keys: new Map() }]),
    );
  }

  get size(): number {
    return this.#objects.size;
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  get(name: ObjectName): T | undefined {
    return this.#objects.get(keyOf(name));
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const { keys } = this.#index(index);
    return [...(keys.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Puts an object in place of the one with its key, and returns that one. */
  set(key: string, object: T): T | undefined {
    const before = this.delete(key);
    this.#objects.set(key, object);
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(object)) keys.set(value, (keys.get(value) ?? new Set()).add(key));
    }
    return before;
  }

  /** Removes and returns what was there. */
  delete(key: string): T | undefined {
    const before = this.#objects.get(key);
    if (!before) return undefined;
    this.#objects.delete(key);
    for (const { valuesOf, keys } of this.#indexes.values()) {
      for (const value of valuesOf(before)) forget(keys, value, key);
    }
    return before;
  }

  #index(name: string): Index<T> {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`there is no index '${name}'`);
    return index;
  }
}

interface Index<T> {
  readonly valuesOf: IndexFunction<T>;
  readonly keys: Map<string, Set<string>>;
}

function forget(keys: Map<string, Set<string>>, value: string, key: string): void {
  const set = keys.get(value);
  set?.delete(key);
  if (set?.size === 0) keys.delete(value);
}
