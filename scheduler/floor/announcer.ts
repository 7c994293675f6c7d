/**
 * Tells the fleet how the nodes here are doing. The directory of this process hears at once; the store a moment later
 * and once for many changes, so that the cost follows what a placement would see and not every job.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { NodeDirectory } from '../fleet/node-directory.ts';
import type { NodeLookup } from '../fleet/node-lookup.ts';
import type { NodeStore, NodeView } from '../store/store.ts';
import { snapshotOf, viewOf, type FloorNode } from './node.ts';

export interface AnnouncerDeps {
  readonly instanceId: string;
  /** Of the lease of this instance. */
  readonly epoch: () => number;
  readonly nodes: NodeStore;
  readonly directory: NodeDirectory;
  readonly lookup: NodeLookup;
  readonly clock: Clock;
  readonly log: Logger;
  readonly presenceMs: number;
  /** How long changes of one node are put together. */
  readonly gatherMs: number;
  /** False: nothing is shared, and other instances do not see our nodes. */
  readonly shared: boolean;
}

export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #dirty = new Set<FloorNode>();
  /** What the fleet was last told of each node. */
  readonly #told = new Map<string, string>();
  #draining = false;
  #cancelFlush: () => void = () => undefined;

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
  }

  drain(): void {
    this.#draining = true;
  }

  /** Something about the node changed. */
  changed(node: FloorNode): void {
    this.#deps.directory.put(this.#view(node));
    this.#saveLater(node);
  }

  /** A job that this instance gave to a node here is in the hands of the floor. */
  arrived(nodeId: string): void {
    this.#deps.directory.arrived(nodeId);
  }

  /** The same when it is only how many jobs the node runs, as with every job. */
  changedSlots(node: FloorNode): void {
    const { directory, instanceId } = this.#deps;
    if (directory.get(node.nodeId)?.instanceId !== instanceId) {
      this.changed(node);
      return;
    }
    directory.runs(node.nodeId, node.slots.running);
    this.#saveLater(node);
  }

  #saveLater(node: FloorNode): void {
    if (!this.#deps.shared) return;
    if (this.#dirty.size === 0) {
      this.#cancelFlush = this.#deps.clock.after(this.#deps.gatherMs, () => {
        this.#flush();
      });
    }
    this.#dirty.add(node);
  }

  /** Something changed that others should not act against a moment longer: a node is ready, or is not any more. */
  changedStatus(node: FloorNode): void {
    this.changed(node);
    this.#cancelFlush();
    this.#flush();
  }

  /** The store may have forgotten it: the next change is told in full. */
  forgetTold(node: FloorNode): void {
    this.#told.delete(node.nodeId);
  }

  /** The node is not here any more; whether it is anywhere the store knows. */
  async gone(node: FloorNode): Promise<void> {
    this.dropped(node);
    const { nodes, instanceId } = this.#deps;
    await nodes.remove({ nodeId: node.nodeId, instanceId, connection: node.link.connectionId });
  }

  /** The node is another instance's now: nothing of it is ours to remove. */
  dropped(node: FloorNode): void {
    this.#dirty.delete(node);
    this.#told.delete(node.nodeId);
    const { directory, instanceId, lookup } = this.#deps;
    if (directory.get(node.nodeId)?.instanceId === instanceId) directory.remove(node.nodeId);
    // While it was ours we took nobody's word for it; it may have been elsewhere for a while.
    lookup.ask(node.nodeId);
  }

  #flush(): void {
    const nodes = [...this.#dirty];
    this.#dirty.clear();
    for (const node of nodes) void this.#save(node);
  }

  async #save(node: FloorNode): Promise<void> {
    const { nodes, presenceMs, log } = this.#deps;
    const view = this.#view(node);
    const telling = fingerprint(view);
    const announce = this.#told.get(node.nodeId) !== telling;
    this.#told.set(node.nodeId, telling);
    try {
      await nodes.save({ view, snapshot: snapshotOf(node, this.#draining), presenceMs, announce });
    } catch (error) {
      this.#told.delete(node.nodeId);
      log.warn(
        { err: error, nodeId: node.nodeId },
        'node could not be announced; the next heartbeat tries again',
      );
    }
  }

  #view(node: FloorNode): NodeView {
    const { instanceId, epoch, clock } = this.#deps;
    return viewOf(node, { instanceId, epoch: epoch(), nowMs: clock.monotonic(), draining: this.#draining });
  }
}

/** Percentages matter to a placement in coarse steps only. */
const coarse = (percent: number): number => Math.ceil(percent / 5);

function fingerprint(view: NodeView): string {
  const { cpuPercent, gpuPercent, memoryPercent, ...rest } = view;
  return JSON.stringify([rest, coarse(cpuPercent), coarse(gpuPercent), coarse(memoryPercent)]);
}
