/** Who depends on whom, by uid: an index over every object in the cluster. */
import type { KubeObject, OwnerReference } from '../../../../operator/kube/kube.ts';
import type { ServedResource } from '../discovery.ts';

export interface Item {
  readonly resource: ServedResource;
  readonly object: KubeObject;
}

export class Graph {
  readonly #items = new Map<string, Item>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): Item | undefined {
    return this.#items.get(uid);
  }

  /** What names this uid as an owner. */
  dependentsOf(uid: string): Item[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#items.get(dependent) ?? []);
  }

  put(item: Item): void {
    const uid = uidOf(item);
    this.remove(uid);
    this.#items.set(uid, item);
    for (const owner of ownersOf(item)) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, dependents.add(uid));
    }
  }

  /** Its dependents stay, with an owner that is not there any more. */
  remove(uid: string): void {
    const item = this.#items.get(uid);
    if (!item) return;
    this.#items.delete(uid);
    for (const owner of ownersOf(item)) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }

  removeAll(of: (item: Item) => boolean): void {
    for (const [uid, item] of this.#items) if (of(item)) this.remove(uid);
  }
}

export const uidOf = ({ object }: Item): string => object.metadata.uid ?? '';

export const ownersOf = ({ object }: Item): readonly OwnerReference[] =>
  object.metadata.ownerReferences ?? [];
