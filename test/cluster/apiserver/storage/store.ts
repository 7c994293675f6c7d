/**
 * The truth: objects by resource and name under one increasing resourceVersion, and a window of history from which
 * watches resume and old lists are answered. Objects that are handed in or out are shared and must not be changed.
 */
import type { ApiObject } from '../../../../operator/schema/object.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface Change {
  readonly revision: number;
  readonly resource: string;
  readonly type: ChangeType;
  readonly object: ApiObject;
  /** The object before the change; undefined when it is new. */
  readonly previous: ApiObject | undefined;
}

export type Listener = (change: Change) => void;

export interface StoreOptions {
  /** How many changes are remembered; older ones answer 410. */
  readonly historyMax?: number;
}

const keyOf = ({ namespace, name }: { namespace?: string; name: string }): string =>
  `${namespace ?? ''}/${name}`;

export class Store {
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #historyMax: number;
  #history: Change[] = [];
  /** Changes that listeners have not been told yet; more than one only while a listener itself makes changes. */
  readonly #untold: Change[] = [];
  #telling = false;
  #revision = 1;
  /** Changes up to here are forgotten. */
  #compacted = 0;

  constructor({ historyMax = 10_000 }: StoreOptions = {}) {
    this.#historyMax = historyMax;
  }

  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision from which changes can still be told. */
  get compacted(): number {
    return this.#compacted;
  }

  get(resource: string, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.#objects.get(resource)?.get(`${namespace ?? ''}/${name}`);
  }

  /** Objects in the order of namespace and name; all namespaces when none is given. */
  list(resource: string, namespace?: string): ApiObject[] {
    return sorted(this.#objects.get(resource) ?? new Map<string, ApiObject>(), namespace);
  }

  /** The list as it was at an earlier revision; undefined when that is forgotten. */
  listAt(resource: string, revision: number, namespace?: string): ApiObject[] | undefined {
    if (revision < this.#compacted) return undefined;
    const objects = new Map(this.#objects.get(resource));
    for (const change of this.#history.toReversed()) {
      if (change.revision <= revision) break;
      if (change.resource === resource) undo(objects, change);
    }
    return sorted(objects, namespace);
  }

  /** Stores a new or changed object and returns it with its new resourceVersion. */
  put(resource: string, object: ApiObject): ApiObject {
    const objects = this.#of(resource);
    const previous = objects.get(keyOf(object.metadata));
    const stored = this.#stamp(object);
    objects.set(keyOf(object.metadata), stored);
    this.#record({ resource, type: previous ? 'MODIFIED' : 'ADDED', object: stored, previous });
    return stored;
  }

  /** Removes an object. `last` is what watchers see of it; its resourceVersion is that of the removal. */
  remove(resource: string, last: ApiObject): ApiObject {
    const objects = this.#of(resource);
    const previous = objects.get(keyOf(last.metadata));
    if (!previous) return last;
    objects.delete(keyOf(last.metadata));
    const stored = this.#stamp(last);
    this.#record({ resource, type: 'DELETED', object: stored, previous });
    return stored;
  }

  /** Changes of one resource after a revision; undefined when some of them are forgotten. */
  since(resource: string, revision: number): Change[] | undefined {
    if (revision < this.#compacted) return undefined;
    const newer: Change[] = [];
    for (let i = this.#history.length - 1; i >= 0; i--) {
      const change = this.#history[i];
      if (!change || change.revision <= revision) break;
      if (change.resource === resource) newer.push(change);
    }
    return newer.reverse();
  }

  /** Calls the listener on every later change of a resource, in order. Returns a function that ends it. */
  subscribe(resource: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(resource) ?? new Set();
    this.#listeners.set(resource, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  /** Forgets all history: what a real server's compaction does to old watches. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#revision;
  }

  #of(resource: string): Map<string, ApiObject> {
    const known = this.#objects.get(resource);
    if (known) return known;
    const fresh = new Map<string, ApiObject>();
    this.#objects.set(resource, fresh);
    return fresh;
  }

  #stamp(object: ApiObject): ApiObject {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  #record(change: Omit<Change, 'revision'>): void {
    const recorded: Change = { ...change, revision: this.#revision };
    this.#history.push(recorded);
    if (this.#history.length > this.#historyMax * 1.25) this.#forget();
    this.#untold.push(recorded);
    this.#tell();
  }

  /** One change at a time to everybody: a listener that makes a change must not let others see it first. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let change = this.#untold.shift(); change; change = this.#untold.shift()) {
        for (const listener of this.#listeners.get(change.resource) ?? []) listener(change);
      }
    } finally {
      this.#telling = false;
    }
  }

  #forget(): void {
    const dropped = this.#history.splice(0, this.#history.length - this.#historyMax);
    this.#compacted = dropped.at(-1)?.revision ?? this.#compacted;
  }
}

function sorted(objects: ReadonlyMap<string, ApiObject>, namespace: string | undefined): ApiObject[] {
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  return [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort()
    .flatMap((key) => objects.get(key) ?? []);
}

function undo(objects: Map<string, ApiObject>, { object, previous }: Change): void {
  if (previous) objects.set(keyOf(object.metadata), previous);
  else objects.delete(keyOf(object.metadata));
}
