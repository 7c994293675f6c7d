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
  /** How many open jobs of this instance each node has, as their records say. */
  readonly #ours = new Map<string, number>();
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
    if (change.op === 'gone') {
      this.remove(change.nodeId);
      return;
    }
    // The store may go on using what it gave us. Whoever announced this may not have known yet of all that we sent there.
    const { nodeId, running } = change.view;
    this.put({ ...change.view, running: Math.max(running, this.#ours.get(nodeId) ?? 0) });
  }

  /** Forgets the nodes that are not `present`, but none of `keep`: this instance knows its own best. */
  retain(present: ReadonlySet<string>, keep: string): void {
    for (const { nodeId, instanceId } of [...this.nodes]) {
      if (instanceId !== keep && !present.has(nodeId)) this.remove(nodeId);
    }
  }

  /** Forgets the nodes of an instance, but not those that it has announced under `epoch` or later. */
  removeInstance(instanceId: string, epoch = Number.POSITIVE_INFINITY): void {
    for (const view of [...this.nodes]) {
      if (view.instanceId === instanceId && (view.epoch ?? 0) < epoch) this.remove(view.nodeId);
    }
  }

  /** So many jobs run on a node of this instance, beside those that were sent to it and are still on their way. */
  runs(nodeId: string, running: number): void {
    const view = this.#all.get(nodeId);
    if (view) view.running = running + (view.coming ?? 0);
  }

  /** One more job was sent there; true figures will follow. */
  took(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (!view) return;
    view.running += 1;
    view.coming = (view.coming ?? 0) + 1;
  }

  /** One that was sent to a node of this instance has got there: from now on its holder counts it, or has refused it. */
  arrived(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (!view?.coming) return;
    view.running -= 1;
    view.coming -= 1;
  }

  /** A job of ours is there, its record says. */
  gained(nodeId: string): void {
    this.#ours.set(nodeId, (this.#ours.get(nodeId) ?? 0) + 1);
  }

  /** It is not there any more, however that came. */
  lost(nodeId: string): void {
    const left = (this.#ours.get(nodeId) ?? 0) - 1;
    if (left > 0) this.#ours.set(nodeId, left);
    else this.#ours.delete(nodeId);
  }

  /** Its holder says that a slot is free, of a job whose end we have yet to hear of. */
  called(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (!view) return;
    this.freed(nodeId);
    view.called = (view.called ?? 0) + 1;
  }

  /** One job of ours ended there; a slot that we were called for is not free twice. */
  ended(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (view?.called) view.called -= 1;
    else this.freed(nodeId);
  }

  /** One job of ours is not there, or never went. */
  freed(nodeId: string): void {
    const view = this.#all.get(nodeId);
    if (!view) return;
    view.running = Math.max(0, Math.min(view.running, view.slots) - 1);
    if (view.coming) view.coming -= 1;
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

/**
 * How many jobs run on a node changes with every job, and in place; `running` counts those that are `coming`. The next
 * announcement forgets what was coming, so that a job that got lost on its way takes no slot for long.
 */
type Listed = NodeView & { running: number; coming?: number; called?: number };

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
