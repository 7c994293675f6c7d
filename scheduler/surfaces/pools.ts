/** `GET /api/v1/phase3/pools` and `/simulate`: which nodes are in which pool, and where a job would go. Pure. */
import type { Config } from '../config/schema.ts';
import type { CoreServices } from '../desk/assignment.ts';
import { requiredServices } from '../desk/assignment.ts';
import { wantedPairs } from '../decide/languages.ts';
import { breakdown, choose, exclusions, type PlacementLimits, type Wanted } from '../decide/placement.ts';
import { chooseFromPools, poolIds, poolOfNode, poolOrder } from '../decide/pools.ts';
import type { NodeView } from '../store/store.ts';

type Phase3 = Config['scheduler']['phase3'];

const samples = 5;

/** The pools as they are, or as they would be while phase 3 is off. */
export function poolsAnswer(config: Phase3, nodes: readonly NodeView[], core: CoreServices) {
  const members = membersOf(config, nodes);
  return {
    config,
    pools: poolIds(config).map((id) => {
      const pool = config.pools.find(({ pool_id }) => pool_id === id);
      const inPool = members.get(id) ?? [];
      const online = inPool.filter(({ status }) => status !== 'offline');
      return {
        pool_id: id,
        ...(pool ? { pool_name: pool.name, pool_required_services: pool.required_services } : {}),
        total_nodes: inPool.length,
        online_nodes: online.length,
        ready_nodes: inPool.filter(({ status }) => status === 'ready').length,
        // Of nodes of other instances only the services that are ready are known.
        core_services_installed: countsOf(online, core),
        core_services_ready: countsOf(
          inPool.filter(({ status }) => status === 'ready'),
          core,
        ),
        sample_node_ids: inPool.slice(0, samples).map(({ nodeId }) => nodeId),
      };
    }),
  };
}

export interface Simulation {
  readonly config: Phase3;
  readonly nodes: readonly NodeView[];
  readonly core: CoreServices;
  readonly limits: PlacementLimits;
  readonly query: URLSearchParams;
  readonly draw: () => number;
}

/** Chooses as for a job, and takes nothing. */
export function simulateAnswer({ config, nodes, core, limits, query, draw }: Simulation) {
  const tenantId = query.get('tenant_id') ?? undefined;
  const sessionId = query.get('routing_key') ?? query.get('session_id') ?? '';
  const required = query.getAll('required');
  const services = required.length > 0 ? required : requiredServices(core, undefined);
  const wanted: Wanted = {
    services,
    exclude: new Set(query.getAll('exclude_node_id')),
    languages: languagesIn(query),
    acceptPublic: query.get('accept_public') !== 'false',
  };
  const counts = breakdown(nodes, wanted, limits);
  const base = {
    routing_key: tenantId ?? sessionId,
    required: services,
    breakdown: {
      total_nodes: nodes.length,
      ...Object.fromEntries(exclusions.map((reason) => [reason, counts.get(reason) ?? 0])),
    },
  };
  if (!config.enabled) {
    return { ...base, selected_node_id: choose(nodes, wanted, limits, draw)?.nodeId ?? null, debug: null };
  }
  const members = membersOf(config, nodes);
  const order = poolOrder(config, { tenantId, sessionId }, services, requiredServices(core, undefined));
  const choice = chooseFromPools(order, (pool) => members.get(pool) ?? [], wanted, limits, draw);
  return {
    ...base,
    selected_node_id: choice.node?.nodeId ?? null,
    debug: {
      pool_count: poolIds(config).length,
      preferred_pool: choice.preferred ?? null,
      selected_pool: choice.selected ?? null,
      fallback_used: choice.fallback,
      attempts: choice.attempts.map(({ pool, reason, candidates }) => [pool, reason, candidates]),
    },
  };
}

function membersOf(config: Phase3, nodes: readonly NodeView[]): Map<number, NodeView[]> {
  const members = new Map<number, NodeView[]>();
  for (const node of nodes) {
    const pool = poolOfNode(config, node);
    if (pool === undefined) continue;
    const inPool = members.get(pool) ?? [];
    members.set(pool, inPool);
    inPool.push(node);
  }
  return members;
}

function countsOf(nodes: readonly NodeView[], core: CoreServices): Record<string, number> {
  const ids = requiredServices(core, undefined);
  return Object.fromEntries(
    ids.map((id) => [id, nodes.filter(({ services }) => services.includes(id)).length]),
  );
}

function languagesIn(query: URLSearchParams): Wanted['languages'] {
  const [source, target] = [query.get('src_lang'), query.get('tgt_lang')];
  return source === null || target === null ? undefined : wantedPairs({ src_lang: source, tgt_lang: target });
}
