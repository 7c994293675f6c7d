/**
 * Pools of nodes ("phase 3"): a job is first tried in the pool its tenant or session hashes to, then in the others. Without
 * configured pools the nodes are spread over `pool_count` pools by their ids; with them a node belongs to the most
 * demanding pool whose services it has.
 */
import type { NodeView } from '../store/store.ts';
import { choose, mainExclusion, type Exclusion, type PlacementLimits, type Wanted } from './placement.ts';

/** The keys of the configuration, as they are written there. */
export interface PoolConfig {
  readonly enabled: boolean;
  readonly pool_count: number;
  readonly hash_seed: number;
  readonly fallback_scan_all_pools: boolean;
  readonly pool_match_scope: 'core_only' | 'all_required';
  readonly pool_match_mode: 'contains' | 'exact';
  readonly strict_pool_eligibility: boolean;
  readonly pools: readonly {
    readonly pool_id: number;
    readonly name: string;
    readonly required_services: readonly string[];
  }[];
  readonly tenant_overrides: readonly { readonly tenant_id: string; readonly pool_id: number }[];
}

/** On whose behalf a job is placed. */
export interface Routing {
  readonly tenantId: string | undefined;
  readonly sessionId: string;
}

export interface PoolOrder {
  /** Where the job belongs; undefined when no pool is made for it. */
  readonly preferred: number | undefined;
  /** The pools to try, in this order. */
  readonly order: readonly number[];
}

export interface PoolAttempt {
  readonly pool: number;
  readonly result: 'success' | 'fail';
  /** `ok`, or what kept most nodes of the pool out. */
  readonly reason: Exclusion | 'no_nodes' | 'ok';
  readonly candidates: number;
}

export interface PoolChoice {
  readonly node: NodeView | undefined;
  readonly preferred: number | undefined;
  readonly selected: number | undefined;
  readonly fallback: boolean;
  readonly attempts: readonly PoolAttempt[];
}

/** @param coreServices the configured core service ids, to which `core_only` compares */
export function poolOrder(
  config: PoolConfig,
  routing: Routing,
  services: readonly string[],
  coreServices: readonly string[],
): PoolOrder {
  const all = poolIds(config);
  const override = config.tenant_overrides.find(({ tenant_id }) => tenant_id === routing.tenantId)?.pool_id;
  const eligible = config.pools.length === 0 ? all : eligiblePools(config, services, coreServices);
  if (override !== undefined && all.includes(override)) return ordered(config, eligible, override);
  if (eligible.length > 0)
    return ordered(config, eligible, eligible[hashedIndex(config, routing, eligible.length)]);
  return { preferred: undefined, order: config.strict_pool_eligibility ? [] : all };
}

/** The pool a node belongs to; undefined when it has the services of none. */
export function poolOfNode(
  config: PoolConfig,
  node: Pick<NodeView, 'nodeId' | 'services'>,
): number | undefined {
  if (config.pools.length === 0) return modulo(fnv1a64(node.nodeId, config.hash_seed), config.pool_count);
  const matching = config.pools.filter(({ required_services }) =>
    includesAll(node.services, required_services),
  );
  const longest = Math.max(...matching.map(({ required_services }) => required_services.length));
  const best = matching.filter(({ required_services }) => required_services.length === longest);
  const ids = ascending(best.map(({ pool_id }) => pool_id));
  return ids[modulo(fnv1a64(node.nodeId, config.hash_seed), ids.length)];
}

/** Tries the pools in their order; the first with an able node gives it. */
export function chooseFromPools(
  { preferred, order }: PoolOrder,
  nodesOf: (pool: number) => readonly NodeView[],
  wanted: Wanted,
  limits: PlacementLimits,
  draw: () => number,
): PoolChoice {
  const attempts: PoolAttempt[] = [];
  for (const pool of order) {
    const nodes = nodesOf(pool);
    const node = choose(nodes, wanted, limits, draw);
    const reason = node ? 'ok' : mainExclusion(nodes, wanted, limits);
    attempts.push({ pool, result: node ? 'success' : 'fail', reason, candidates: nodes.length });
    if (node) return { node, preferred, selected: pool, fallback: pool !== preferred, attempts };
  }
  return { node: undefined, preferred, selected: undefined, fallback: attempts.length > 1, attempts };
}

export const poolIds = ({ pools, pool_count }: PoolConfig): number[] =>
  pools.length > 0
    ? ascending(pools.map(({ pool_id }) => pool_id))
    : Array.from({ length: pool_count }, (_, id) => id);

/** Pools whose nodes are sure to have what the job needs; one that demands nothing promises nothing and takes anything. */
function eligiblePools(
  config: PoolConfig,
  services: readonly string[],
  coreServices: readonly string[],
): number[] {
  const needed =
    config.pool_match_scope === 'core_only' ? services.filter((id) => coreServices.includes(id)) : services;
  const fits = (offered: readonly string[]): boolean =>
    config.pool_match_mode === 'exact'
      ? includesAll(offered, needed) && includesAll(needed, offered)
      : offered.length === 0 || includesAll(offered, needed);
  const fitting = config.pools.filter(({ required_services }) => fits(required_services));
  return ascending(fitting.map(({ pool_id }) => pool_id));
}

/** The preferred pool, and with fallback the others in ring order from there. */
function ordered(config: PoolConfig, pools: readonly number[], preferred: number | undefined): PoolOrder {
  if (preferred === undefined) return { preferred, order: [] };
  if (!config.fallback_scan_all_pools) return { preferred, order: [preferred] };
  const others = pools.filter((id) => id !== preferred);
  return {
    preferred,
    order: [preferred, ...others.filter((id) => id > preferred), ...others.filter((id) => id < preferred)],
  };
}

const hashedIndex = (config: PoolConfig, { tenantId, sessionId }: Routing, length: number): number =>
  modulo(fnv1a64(tenantId ?? sessionId, config.hash_seed), length);

const fnvOffset = 0xcbf29ce484222325n;
const fnvPrime = 0x100000001b3n;

/** FNV-1a, 64 bits, over the text and then the eight bytes of the seed, lowest first: the original's way to a pool. */
export function fnv1a64(text: string, seed: number): bigint {
  let hash = fnvOffset;
  const add = (byte: number | bigint) => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * fnvPrime);
  };
  for (const byte of new TextEncoder().encode(text)) add(byte);
  for (let place = 0n; place < 64n; place += 8n) add((BigInt(seed) >> place) & 0xffn);
  return hash;
}

const modulo = (hash: bigint, length: number): number => (length === 0 ? 0 : Number(hash % BigInt(length)));

const includesAll = (offered: readonly string[], needed: readonly string[]): boolean =>
  needed.every((id) => offered.includes(id));

const ascending = (ids: readonly number[]): number[] => [...new Set(ids)].sort((a, b) => a - b);
