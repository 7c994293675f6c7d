/**
 * What this instance knows of all nodes: a hint for choosing, never the truth about a slot. It is kept by deltas, so its
 * cost follows what changes and not how many nodes or instances there are.
 */
import type { NodeChange, NodeView } from '../store/store.ts';

export type PoolOf = (view: NodeView) => number | undefined;

export class NodeDirectory {
  readonly #all = new Listing();
  readonly #pools = new Map<number, Listing>();
  /** The pool each node is in. */
  readonly #homes = new Map<string, number>();
  readonly #poolOf: PoolOf;

  /** @param poolOf the pool a node belongs to, where there are pools; it follows from its id and services alone */
  constructor(poolOf: PoolOf = () => undefined) {
    this.#poolOf = poolOf;
  }

  /** All known nodes. Changes in place; not to be kept. */
  get nodes(): readonly NodeView[] {
    return this.#all.list;
  }

  inPool(pool: number): readonly NodeView[] {
    return this.#pools.get(pool)?.list ?? [];
  }

  get(nodeId: string): NodeView | undefined {
    return this.#all.get(nodeId);
  }

  /** @param view the directory's from now on */
  put(view: NodeView): void {
    const { nodeId } = view;
    const before = this.#all.get(nodeId);
    this.#all.put(view);
    const poolBefore = this.#homes.get(nodeId);
    // Most news is about load, and brings the services that are known.
    const pool = before && before.services === view.services ? poolBefore : this.#poolOf(view);
    if (poolBefore !== undefined && poolBefore !== pool) this.#leavePool(nodeId);
    if (pool === undefined) return;
    this.#homes.set(nodeId, pool);
    const listing = this.#pools.get(pool) ?? new Listing();
    this.#pools.set(pool, listing);
    listing.put(view);
  }

  remove(nodeId: string): void {
    this.#all.remove(nodeId);
    this.#leavePool(nodeId);
  }

  apply(change: NodeChange): void {
    // The store may go on using what it gave us.
    if (change.op === 'put') this.put({ ...change.view });
    else this.remove(change.nodeId);
  }

  /** Forgets the nodes that are not `present`, but none of `keep`: this instance knows its own best. */
  retain(present: ReadonlySet<string>, keep: string): void {
    for (const { nodeId, instanceId } of [...this.nodes]) {
      if (instanceId !== keep && !present.has(nodeId)) this.remove(nodeId);
    }
  }

  removeInstance(instanceId: string): void {
    for (const view of [...this.nodes]) {
      if (view.instanceId === instanceId) this.remove(view.nodeId);
    }
  }

  /** So many jobs run there, as its holder knows. */
  runs(nodeId: string, running: number): void {
    const view = this.#all.get(nodeId);
    if (view) view.running = running;
  }

  /** One more job was sent there; true figures will follow. */
  took(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (view) view.running += 1;
  }

  /** One job of ours ended there. */
  freed(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (view) view.running = Math.max(0, Math.min(view.running, view.slots) - 1);
  }

  /** It refused a job: full until it says otherwise. */
  full(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (view) view.running = Math.max(view.running, view.slots);
  }

  /** It refused a job because it is gone, leaving or not ready; its next announcement says otherwise. */
  unable(nodeId: string): void {
    const view = this.get(nodeId);
    if (view) this.put({ ...view, status: 'offline' });
  }

  #leavePool(nodeId: string): void {
    const pool = this.#homes.get(nodeId);
    if (pool === undefined) return;
    this.#homes.delete(nodeId);
    this.#pools.get(pool)?.remove(nodeId);
  }
}

/** How many jobs run on a node changes with every job, and in place. */
type Listed = NodeView & { running: number };

/** Nodes in a dense list, which placement draws from, and by their ids. */
class Listing {
  readonly list: Listed[] = [];
  readonly #places = new Map<string, number>();

  get(nodeId: string): Listed | undefined {
    const place = this.#places.get(nodeId);
    return place === undefined ? undefined : this.list[place];
  }

  put(view: Listed): void {
    const place = this.#places.get(view.nodeId) ?? this.list.length;
    this.#places.set(view.nodeId, place);
    this.list[place] = view;
  }

  /** The last one takes its place. */
  remove(nodeId: string): void {
    const place = this.#places.get(nodeId);
    if (place === undefined) return;
    const last = this.list.pop();
    this.#places.delete(nodeId);
    if (!last || last.nodeId === nodeId) return;
    this.list[place] = last;
    this.#places.set(last.nodeId, place);
  }
}
