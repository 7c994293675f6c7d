/** Chooses a node for a job and keeps the directory's figures honest until the node itself says more. */
import { isCapable, isFull, mainExclusion, type Wanted } from '../decide/placement.ts';
import type { Target } from '../store/store.ts';
import { createChooser, type ChooserDeps } from './chooser.ts';

export interface PlacerDeps extends ChooserDeps {
  readonly instanceId: string;
}

export interface Placer {
  /** A node that looks able, counted as taken; undefined when none does. */
  place(wanted: Wanted): Target | undefined;

  /** The same for a job that waits; not counted as a choice, or one job would count as many failures. */
  placeWaiting(wanted: Wanted): Target | undefined;

  /** A job that was given to `target` by somebody else is ours now. */
  took(target: Target): void;

  /** A job of ours is at one node, or at another, or at none. */
  moved(from: Target | undefined, to: Target | undefined): void;

  /** A job that ran on `target` has ended. */
  ended(target: Target): void;

  /** A job was meant for `target` and never went there. */
  abandoned(target: Target): void;

  /** Whether the node is with that instance, as far as is known. */
  isThere(target: Target): boolean;

  /** Whether a node could do it, now or later. */
  isPossible(wanted: Wanted): boolean;

  /** Other instances that hold nodes which could do it but are full: worth asking to call when a slot frees. */
  fullInstances(wanted: Wanted): Set<string>;
}

export function createPlacer(deps: PlacerDeps): Placer {
  const { instanceId, directory, limits, clock, metrics, config } = deps;
  const chooser = createChooser(deps);
  const selector = config.scheduler.phase3.enabled ? 'phase3' : 'models';

  function placeWaiting(wanted: Wanted): Target | undefined {
    const node = chooser(wanted);
    if (!node) return undefined;
    directory.took(node.nodeId);
    return { nodeId: node.nodeId, instanceId: node.instanceId };
  }

  function place(wanted: Wanted): Target | undefined {
    const beganMs = clock.monotonic();
    const target = placeWaiting(wanted);
    metrics.selectionSeconds.observe((clock.monotonic() - beganMs) / 1000);
    metrics.selections.inc({ result: target ? 'chosen' : 'none' });
    if (!target) {
      const reason = mainExclusion(directory.nodes, wanted, limits);
      metrics.noAvailableNode.inc({ selector, reason });
    }
    return target;
  }

  const isThere = ({ nodeId, instanceId: holder }: Target): boolean =>
    directory.get(nodeId)?.instanceId === holder;

  const isPossible = (wanted: Wanted): boolean => directory.nodes.some((node) => isCapable(node, wanted));

  function fullInstances(wanted: Wanted): Set<string> {
    const full = directory.nodes.filter((node) => node.instanceId !== instanceId && isFull(node, wanted));
    return new Set(full.map((node) => node.instanceId));
  }

  function took(target: Target): void {
    if (target.instanceId !== instanceId) directory.took(target.nodeId);
  }

  function moved(from: Target | undefined, to: Target | undefined): void {
    if (from) directory.lost(from.nodeId);
    if (to) directory.gained(to.nodeId);
  }

  /** Nodes of this instance say themselves how many jobs they run. */
  function ended(target: Target): void {
    if (target.instanceId !== instanceId) directory.ended(target.nodeId);
  }

  function abandoned(target: Target): void {
    directory.freed(target.nodeId);
  }

  return { place, placeWaiting, took, moved, ended, abandoned, isThere, isPossible, fullInstances };
}
