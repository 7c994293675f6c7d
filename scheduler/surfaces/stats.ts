/** `GET /api/v1/stats`: this instance's view, in the original's shape. Pure. */
import type { FloorNode } from '../floor/node.ts';

/** One service of the Model Hub's catalogue, as it tells it. */
export interface CatalogueService {
  readonly service_id: string;
  readonly name: string;
  readonly latest_version: string;
  readonly variants: readonly unknown[];
}

export interface StatsSources {
  /** Of each connected session. */
  readonly languages: readonly { readonly source: string; readonly target: string }[];
  readonly nodes: readonly FloorNode[];
  readonly catalogue: readonly CatalogueService[];
  /** Percentage of CPU and GPU up to which a node is given jobs. */
  readonly resourceThreshold: number;
}

export type StatsAnswer = ReturnType<typeof statsAnswer>;

/** The original's fixed figure for memory. */
const memoryThreshold = 75;
const topLanguages = 10;

export function statsAnswer(sources: StatsSources) {
  const usage = languageUsage(sources.languages);
  const online = sources.nodes.filter(({ connected }) => connected);
  const services = serviceCounts(online);
  return {
    web_clients: {
      active_users: sources.languages.length,
      top_languages: [...usage]
        .map(([language, { total }]) => ({ language, count: total }))
        .sort((a, b) => b.count - a.count || (a.language < b.language ? -1 : 1))
        .slice(0, topLanguages),
      language_usage: Object.fromEntries(usage),
    },
    nodes: {
      connected_nodes: online.length,
      model_node_counts: services,
      available_services: sources.catalogue,
      total_services: sources.catalogue.length,
      service_node_counts: services,
      compute_power: computePower(online, sources.resourceThreshold),
    },
  };
}

interface Usage {
  as_source: number;
  as_target: number;
  total: number;
}

function languageUsage(languages: StatsSources['languages']): Map<string, Usage> {
  const usage = new Map<string, Usage>();
  const of = (language: string): Usage => {
    const known = usage.get(language) ?? { as_source: 0, as_target: 0, total: 0 };
    usage.set(language, known);
    known.total += 1;
    return known;
  };
  for (const { source, target } of languages) {
    of(source).as_source += 1;
    of(target).as_target += 1;
  }
  return usage;
}

/** On how many nodes each service is ready. */
function serviceCounts(nodes: readonly FloorNode[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { offer } of nodes)
    for (const service of offer.services) counts.set(service, (counts.get(service) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** What is left of each node up to the limits, in cores, and in GB of GPU and main memory. */
function computePower(nodes: readonly FloorNode[], resourceThreshold: number) {
  const details = nodes.map(({ nodeId, facts: { register, usage } }) => {
    const { hardware } = register;
    const gpuGb = (hardware.gpus ?? []).reduce((sum, gpu) => sum + gpu.memory_gb, 0);
    return {
      node_id: nodeId,
      node_name: `Node-${nodeId.slice(-8)}`,
      cpu_power: left(resourceThreshold, usage.cpu_percent, hardware.cpu_cores),
      gpu_power: left(resourceThreshold, usage.gpu_mem_percent ?? usage.gpu_percent ?? 0, gpuGb),
      memory_power: left(memoryThreshold, usage.mem_percent, hardware.memory_gb),
    };
  });
  const total = (power: (detail: (typeof details)[number]) => number) =>
    rounded(details.reduce((sum, detail) => sum + power(detail), 0));
  return {
    total_cpu_power: total(({ cpu_power }) => cpu_power),
    total_gpu_power: total(({ gpu_power }) => gpu_power),
    total_memory_power: total(({ memory_power }) => memory_power),
    node_power_details: details,
  };
}

const left = (threshold: number, usedPercent: number, capacity: number): number =>
  rounded((Math.max(0, threshold - usedPercent) / 100) * capacity);

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
