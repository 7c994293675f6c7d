/**
 * What this instance knows of all nodes: a hint for choosing, never the truth about a slot. It is kept by deltas, so its
 * cost follows what changes and not how many nodes or instances there are.
 */
import type { NodeChange, NodeView } from '../store/store.ts';

interface Entry {
  view: NodeView;
  /** Where it stands in the dense list, which placement draws from. */
  place: number;
}

export class NodeDirectory {
  readonly #entries = new Map<string, Entry>();
  readonly #list: NodeView[] = [];

  /** All known nodes. Changes in place; not to be kept. */
  get nodes(): readonly NodeView[] {
    return this.#list;
  }

  get(nodeId: string): NodeView | undefined {
    return this.#entries.get(nodeId)?.view;
  }

  put(view: NodeView): void {
    const entry = this.#entries.get(view.nodeId);
    if (entry) {
      entry.view = view;
      this.#list[entry.place] = view;
      return;
    }
    this.#entries.set(view.nodeId, { view, place: this.#list.length });
    this.#list.push(view);
  }

  remove(nodeId: string): void {
    const entry = this.#entries.get(nodeId);
    if (!entry) return;
    this.#entries.delete(nodeId);
    const last = this.#list.pop();
    if (!last || last.nodeId === nodeId) return;
    this.#list[entry.place] = last;
    const moved = this.#entries.get(last.nodeId);
    if (moved) moved.place = entry.place;
  }

  apply(change: NodeChange): void {
    if (change.op === 'put') this.put(change.view);
    else this.remove(change.nodeId);
  }

  /** Forgets the nodes that are not `present`, but none of `keep`: this instance knows its own best. */
  retain(present: ReadonlySet<string>, keep: string): void {
    for (const { nodeId, instanceId } of [...this.#list]) {
      if (instanceId !== keep && !present.has(nodeId)) this.remove(nodeId);
    }
  }

  removeInstance(instanceId: string): void {
    for (const view of [...this.#list]) {
      if (view.instanceId === instanceId) this.remove(view.nodeId);
    }
  }

  /** One more job was sent there; true figures will follow. */
  took(nodeId: string): void {
    this.#setRunning(nodeId, ({ running }) => running + 1);
  }

  /** One job of ours ended there. */
  freed(nodeId: string): void {
    this.#setRunning(nodeId, ({ running, slots }) => Math.max(0, Math.min(running, slots) - 1));
  }

  /** It refused a job: full until it says otherwise. */
  full(nodeId: string): void {
    this.#setRunning(nodeId, ({ running, slots }) => Math.max(running, slots));
  }

  /** It refused a job because it is gone, leaving or not ready; its next announcement says otherwise. */
  unable(nodeId: string): void {
    const view = this.get(nodeId);
    if (view) this.put({ ...view, status: 'offline' });
  }

  #setRunning(nodeId: string, running: (view: NodeView) => number): void {
    const view = this.get(nodeId);
    if (view) this.put({ ...view, running: running(view) });
  }
}
