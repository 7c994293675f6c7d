/**
 * Which node gets a job. Two suitable nodes are drawn and the less loaded one wins: nearly as even as a full scan, at a
 * cost that does not grow with the fleet, and instances that choose at the same moment do not all choose the same node.
 */
import type { NodeView } from '../store/store.ts';
import { canTranslate, type LanguagePair } from './languages.ts';

export interface Wanted {
  /** Service ids that must be ready on the node. */
  readonly services: readonly string[];
  /** Nodes that refused this job or failed at it. */
  readonly exclude: ReadonlySet<string>;
  /** What must be translated; undefined: any. */
  readonly languages?: readonly LanguagePair[] | undefined;
  /** Whose job it is: decides its pool, where there are pools. */
  readonly session?: {
    readonly sessionId: string;
    readonly init?: { readonly tenant_id?: string | undefined };
  };
  /** False: nodes that take public jobs are the only ones. True, which the original always says, takes all. */
  readonly acceptPublic?: boolean;
}

export interface PlacementLimits {
  /** Percentage of CPU or GPU above which a node gets no new jobs. */
  readonly resourceThreshold: number;
}

/** Percentage of memory above which a node gets no new jobs; the original's fixed figure. */
const memoryThreshold = 75;

/** Draws before giving up on luck and looking at every node. */
const luckyDraws = 8;

export const exclusions = [
  'excluded',
  'offline',
  'status_not_ready',
  'not_in_public_pool',
  'gpu_unavailable',
  'model_not_available',
  'language_not_available',
  'capacity_exceeded',
  'resource_threshold_exceeded',
] as const;
export type Exclusion = (typeof exclusions)[number];

/** Why a node cannot take the job now, or undefined when it can. */
export function exclusionOf(node: NodeView, wanted: Wanted, limits: PlacementLimits): Exclusion | undefined {
  if (wanted.exclude.has(node.nodeId)) return 'excluded';
  if (node.status === 'offline') return 'offline';
  if (node.status !== 'ready') return 'status_not_ready';
  const unable = inabilityOf(node, wanted);
  if (unable) return unable;
  if (node.running >= node.slots) return 'capacity_exceeded';
  return isBusy(node, limits) ? 'resource_threshold_exceeded' : undefined;
}

/** It would do if it had a slot; how busy its hardware is right now does not matter to that. */
export const isFull = (node: NodeView, wanted: Wanted): boolean =>
  node.status === 'ready' && node.running >= node.slots && !inabilityOf(node, wanted);

/** It could do the job, now or when it is less busy. */
export const isCapable = (node: NodeView, wanted: Wanted): boolean =>
  !wanted.exclude.has(node.nodeId) && node.status === 'ready' && !inabilityOf(node, wanted);

/** What no waiting mends. */
function inabilityOf(node: NodeView, wanted: Wanted): Exclusion | undefined {
  if (wanted.acceptPublic === false && !node.acceptsPublicJobs) return 'not_in_public_pool';
  if (!node.hasGpu) return 'gpu_unavailable';
  if (!wanted.services.every((service) => node.services.includes(service))) return 'model_not_available';
  if (wanted.languages && !canTranslate(node.languages, wanted.languages)) return 'language_not_available';
  return undefined;
}

/**
 * The node to ask, or undefined when none looks able.
 *
 * @param draw a source of numbers in [0, 1)
 */
export function choose(
  nodes: readonly NodeView[],
  wanted: Wanted,
  limits: PlacementLimits,
  draw: () => number,
): NodeView | undefined {
  const lucky = drawTwo(nodes, wanted, limits, draw);
  if (lucky) return lucky;
  const able = nodes.filter((node) => !exclusionOf(node, wanted, limits));
  const first = pick(able, draw);
  const second = pick(
    able.filter((node) => node !== first),
    draw,
  );
  return lessLoaded(first, second);
}

/** How many nodes each reason keeps out. */
export function breakdown(
  nodes: readonly NodeView[],
  wanted: Wanted,
  limits: PlacementLimits,
): ReadonlyMap<Exclusion, number> {
  const counts = new Map<Exclusion, number>();
  for (const node of nodes) {
    const reason = exclusionOf(node, wanted, limits);
    if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}

/** The reason that kept most nodes out: what a metric and a person want to know when nothing could be chosen. */
export function mainExclusion(
  nodes: readonly NodeView[],
  wanted: Wanted,
  limits: PlacementLimits,
): Exclusion | 'no_nodes' {
  const [most] = [...breakdown(nodes, wanted, limits)].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? 'no_nodes';
}

function drawTwo(
  nodes: readonly NodeView[],
  wanted: Wanted,
  limits: PlacementLimits,
  draw: () => number,
): NodeView | undefined {
  let first: NodeView | undefined;
  for (let tries = 0; tries < luckyDraws; tries++) {
    const node = pick(nodes, draw);
    if (!node || node === first || exclusionOf(node, wanted, limits)) continue;
    if (first) return lessLoaded(first, node);
    first = node;
  }
  return undefined;
}

const pick = (nodes: readonly NodeView[], draw: () => number): NodeView | undefined =>
  nodes[Math.floor(draw() * nodes.length)];

function lessLoaded(a: NodeView | undefined, b: NodeView | undefined): NodeView | undefined {
  if (!a || !b) return a ?? b;
  return load(b) < load(a) ? b : a;
}

const load = (node: NodeView): number => node.running / node.slots;

const isBusy = (node: NodeView, { resourceThreshold }: PlacementLimits): boolean =>
  node.cpuPercent > resourceThreshold ||
  node.gpuPercent > resourceThreshold ||
  node.memoryPercent > memoryThreshold;
