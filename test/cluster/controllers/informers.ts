/** One watched copy of each kind, shared by all controllers of the process. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../../common/clock.ts';
import type { Kube, KubeObject, Resource } from '../../../operator/kube/kube.ts';
import { ownerUids, type ObjectReader } from '../../../operator/kube/object-cache.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import { controllerOf } from './owners.ts';

export type Listener<T> = (before: T | undefined, after: T | undefined) => void;

export interface Informer<T extends KubeObject> extends ObjectReader<T> {
  readonly synced: Promise<boolean>;
  inNamespace(namespace: string | undefined): readonly T[];
  /** What belongs to an owner, and what in its namespace has no controller. */
  claimableBy(owner: KubeObject): readonly T[];
  onChange(listener: Listener<T>): void;
}

export interface InformerOptions {
  readonly kube: Pick<Kube, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export class Informers {
  readonly #options: InformerOptions;
  readonly #informers = new Map<string, SharedInformer<KubeObject>>();

  constructor(options: InformerOptions) {
    this.#options = options;
  }

  /** The copy of a kind, over all namespaces; it is watched from the first time it is asked for. */
  of<T extends KubeObject>(resource: Resource<T>): Informer<T> {
    const key = `${resource.apiVersion}/${resource.plural}`;
    let informer = this.#informers.get(key);
    if (!informer) {
      informer = new SharedInformer<KubeObject>(resource, this.#options);
      this.#informers.set(key, informer);
    }
    return informer as unknown as Informer<T>;
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced));
  }

  /** Forgets a kind that is not served any more. */
  drop(resource: Resource): void {
    const key = `${resource.apiVersion}/${resource.plural}`;
    this.#informers.get(key)?.stop();
    this.#informers.delete(key);
  }

  stop(): void {
    for (const informer of this.#informers.values()) informer.stop();
  }
}

class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly #reflector: Reflector<T>;
  readonly #listeners: Listener<T>[] = [];

  constructor(resource: Resource<T>, options: InformerOptions) {
    this.#reflector = new Reflector<T>({
      ...options,
      resource,
      query: { namespace: undefined },
      indexes: {
        namespace: ({ metadata }) => [metadata.namespace ?? ''],
        owner: ownerUids,
        orphan: (object) => (controllerOf(object) ? [] : [object.metadata.namespace ?? '']),
      },
      onChange: (_key, before, after) => {
        this.#tell(before, after);
      },
    });
  }

  get synced(): Promise<boolean> {
    return this.#reflector.synced;
  }

  get(name: { namespace: string; name: string }): T | undefined {
    return this.#reflector.get(name);
  }

  list(): readonly T[] {
    return this.#reflector.list();
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#reflector.byIndex(index, value);
  }

  inNamespace(namespace = ''): readonly T[] {
    return this.#reflector.byIndex('namespace', namespace);
  }

  claimableBy({ metadata: { uid = '', namespace = '' } }: KubeObject): readonly T[] {
    const reader = this.#reflector;
    return [...new Set([...reader.byIndex('owner', uid), ...reader.byIndex('orphan', namespace)])];
  }

  /** Also tells what is known already, so that it does not matter who came first. */
  onChange(listener: Listener<T>): void {
    this.#listeners.push(listener);
    for (const object of this.#reflector.list()) listener(undefined, object);
  }

  stop(): void {
    this.#reflector.stop();
  }

  /** A new object under an old name is a removal and an addition. */
  #tell(before: T | undefined, after: T | undefined): void {
    const replaced = before && after && before.metadata.uid !== after.metadata.uid;
    for (const listener of this.#listeners) {
      if (replaced) listener(before, undefined);
      listener(replaced ? undefined : before, after);
    }
  }
}
