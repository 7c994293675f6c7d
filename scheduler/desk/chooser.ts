/**
 * The node that looks best for a job, by what is configured: from all nodes, or pool by pool; and with `spread_enabled`
 * another one than the session's last, if there is one.
 */
import type { Clock, Random } from '../../common/clock.ts';
import type { Config } from '../config/schema.ts';
import { choose, type PlacementLimits, type Wanted } from '../decide/placement.ts';
import { chooseFromPools, poolOrder } from '../decide/pools.ts';
import { RecentNodes } from '../decide/recent-nodes.ts';
import type { NodeDirectory } from '../fleet/node-directory.ts';
import type { Metrics } from '../metrics.ts';
import type { NodeView } from '../store/store.ts';

export type Chooser = (wanted: Wanted) => NodeView | undefined;

export interface ChooserDeps {
  readonly directory: NodeDirectory;
  readonly config: Config;
  readonly limits: PlacementLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
}

export function createChooser(deps: ChooserDeps): Chooser {
  const { scheduler } = deps.config;
  const { spread_enabled, spread_window_seconds } = scheduler.task_binding;
  const chooser = scheduler.phase3.enabled ? fromPools(deps) : fromAll(deps);
  return spread_enabled ? spread(chooser, spread_window_seconds * 1000, deps.clock) : chooser;
}

function fromAll({ directory, limits, random }: ChooserDeps): Chooser {
  const draw = () => random.next();
  return (wanted) => choose(directory.nodes, wanted, limits, draw);
}

function fromPools({ directory, config, limits, random, metrics }: ChooserDeps): Chooser {
  const { phase3, core_services } = config.scheduler;
  const core = Object.values(core_services);
  const draw = () => random.next();
  const nodesOf = (pool: number) => directory.inPool(pool);
  return (wanted) => {
    const { sessionId = '', init } = wanted.session ?? {};
    const order = poolOrder(phase3, { sessionId, tenantId: init?.tenant_id }, wanted.services, core);
    const { node, preferred, selected, fallback, attempts } = chooseFromPools(
      order,
      nodesOf,
      wanted,
      limits,
      draw,
    );
    for (const { pool, result, reason } of attempts) {
      metrics.poolAttempts.inc({ pool: String(pool), result, reason });
    }
    const pool = String(selected ?? preferred ?? 'none');
    metrics.poolSelections.inc({ pool, outcome: node ? 'hit' : 'miss', fallback: String(fallback) });
    return node;
  };
}

function spread(chooser: Chooser, windowMs: number, clock: Clock): Chooser {
  const recent = new RecentNodes(windowMs);
  return (wanted) => {
    const sessionId = wanted.session?.sessionId;
    if (sessionId === undefined) return chooser(wanted);
    const last = recent.of(sessionId, clock.monotonic());
    const elsewhere =
      last === undefined ? undefined : chooser({ ...wanted, exclude: new Set([...wanted.exclude, last]) });
    const node = elsewhere ?? chooser(wanted);
    if (node) recent.used(sessionId, node.nodeId, clock.monotonic());
    return node;
  };
}
