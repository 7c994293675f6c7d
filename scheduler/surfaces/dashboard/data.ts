/** From the view of the fleet to what the dashboard draws. Pure. */
import type { StoreHealth } from '../../fleet/store-health.ts';
import type { NodeView } from '../../store/store.ts';
import type { Figures, Notable } from '../figures.ts';
import { compareIds, type FleetView, type SeenInstance } from '../fleet-view.ts';
import { added, milliseconds, quantileOf } from '../latency.ts';
import type {
  DashboardData,
  DashboardHistory,
  DashboardInstance,
  DashboardNode,
  DashboardNotable,
  DashboardTotals,
} from './shape.ts';

export interface DashboardSources {
  readonly nowMs: number;
  readonly servedBy: string;
  readonly version: string;
  /** Undefined without phase 2. */
  readonly keyPrefix: string | undefined;
  readonly redis: StoreHealth;
  readonly fleet: FleetView;
  /** How old what is said of the other instances is. */
  readonly fleetAgeMs: number;
  readonly nodes: readonly NodeView[];
}

/** The page stays quick with many nodes: the ones that need a look come first. */
const nodesShown = 300;
const notableShown = 60;

export function dashboardData(sources: DashboardSources): DashboardData {
  const { nowMs, fleet, redis, nodes } = sources;
  const present = fleet.instances.filter(({ state }) => state === 'serving' || state === 'draining');
  const figures = present.map((instance) => instance.figures).filter((one) => one !== undefined);
  return {
    at_ms: nowMs,
    served_by: sources.servedBy,
    version: sources.version,
    key_prefix: sources.keyPrefix ?? null,
    fleet_age_ms: Math.round(sources.fleetAgeMs),
    redis: { reachable: redis.reachable, round_trip_ms: redis.roundTripMs, error: redis.error },
    totals: totalsOf(fleet, figures, nodes),
    history: historyOf(figures),
    instances: fleet.instances.map((instance) => instanceRow(instance, nowMs)),
    nodes: nodesInOrder(nodes).slice(0, nodesShown).map(nodeRow),
    nodes_left_out: Math.max(0, nodes.length - nodesShown),
    notable: notableOf(fleet.instances),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function totalsOf(
  fleet: FleetView,
  figures: readonly Figures[],
  nodes: readonly NodeView[],
): DashboardTotals {
  const ready = nodes.filter(({ status }) => status === 'ready');
  return {
    instances: fleet.instances.length,
    instances_serving: fleet.instances.filter(({ state }) => state === 'serving').length,
    sessions: sum(figures.map(({ sessions }) => sessions)),
    sessions_detached: sum(figures.map(({ sessions_detached }) => sessions_detached)),
    nodes: nodes.length,
    nodes_ready: ready.length,
    slots: sum(ready.map(({ slots }) => slots)),
    slots_used: sum(ready.map(({ slots, running }) => Math.min(slots, running))),
    jobs_per_second: sum(figures.map(({ jobs_per_second }) => jobs_per_second)),
    waiting: sum(figures.map(({ waiting }) => waiting)),
    running: sum(figures.map(({ running }) => running)),
    ...latencyOf(figures),
    inbox: sum(fleet.instances.map(({ inbox }) => inbox.length)),
    pending: sum(fleet.instances.map(({ inbox }) => inbox.pending)),
    dlq: sum(fleet.instances.map(({ inbox }) => inbox.dlqLength)),
  };
}

/** Of the last minute. Instances of versions with other buckets are not counted with the rest. */
function latencyOf(figures: readonly Figures[]): { p50_ms: number | null; p99_ms: number | null } {
  const bounds = figures[0]?.latency.bounds_seconds ?? [];
  const alike = figures.filter(({ latency }) => latency.bounds_seconds.join() === bounds.join());
  const counts = added(
    alike.map(({ latency }) => latency.counts),
    bounds.length + 1,
  );
  const at = (quantile: number) => milliseconds(quantileOf(quantile, bounds, counts));
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** Sums of what can be added; of the medians a mean weighted by jobs, of the p99 the worst. */
function historyOf(figures: readonly Figures[]): DashboardHistory {
  const histories = figures.map(({ history }) => history);
  const length = Math.max(0, ...histories.map(({ jobs_per_second }) => jobs_per_second.length));
  const columns = Array.from({ length }, (_, back) =>
    histories.map((history) => valuesAt(history, length - 1 - back)),
  );
  const numbers = (pick: (value: HistoryValues) => number | null) =>
    columns.map((column) => column.map(pick).filter((value) => value !== null));
  return {
    jobs_per_second: numbers((value) => value.jobs_per_second).map((some) => Number(sum(some).toFixed(2))),
    waiting: numbers((value) => value.waiting).map(sum),
    running: numbers((value) => value.running).map(sum),
    p50_ms: columns.map(meanWeightedByJobs),
    p99_ms: numbers((value) => value.p99_ms).map((some) => (some.length === 0 ? null : Math.max(...some))),
  };
}

type HistoryValues = Record<keyof Figures['history'], number | null>;

/** @param back how many samples before the newest */
function valuesAt(history: Figures['history'], back: number): HistoryValues {
  const at = (values: readonly (number | null)[]) => values[values.length - 1 - back] ?? null;
  return {
    jobs_per_second: at(history.jobs_per_second),
    p50_ms: at(history.p50_ms),
    p99_ms: at(history.p99_ms),
    waiting: at(history.waiting),
    running: at(history.running),
  };
}

function meanWeightedByJobs(column: readonly HistoryValues[]): number | null {
  const known = column.flatMap(({ p50_ms, jobs_per_second }) =>
    p50_ms === null ? [] : [{ p50_ms, weight: Math.max(0.001, jobs_per_second ?? 0) }],
  );
  if (known.length === 0) return null;
  const total = sum(known.map(({ weight }) => weight));
  return Number((sum(known.map(({ p50_ms, weight }) => p50_ms * weight)) / total).toPrecision(3));
}

function instanceRow(instance: SeenInstance, nowMs: number): DashboardInstance {
  const { instanceId, state, inbox } = instance;
  return {
    instance_id: instanceId,
    state,
    ...processOf(instance, nowMs),
    ...workOf(instance),
    inbox: inbox.length,
    pending: inbox.pending,
    dlq: inbox.dlqLength,
  };
}

function processOf({ presence }: SeenInstance, nowMs: number) {
  if (!presence) return { hostname: null, pid: null, version: null, uptime_seconds: null };
  const { hostname, pid, version, started_at } = presence;
  return { hostname, pid, version, uptime_seconds: Math.max(0, Math.floor((nowMs - started_at) / 1000)) };
}

const unknownWork = {
  sessions: null,
  nodes: null,
  waiting: null,
  running: null,
  jobs_per_second: null,
  rate_history: [],
  redis_round_trip_ms: null,
  loop_delay_ms: null,
};

function workOf({ figures }: SeenInstance) {
  if (!figures) return unknownWork;
  const { sessions, nodes, waiting, running, jobs_per_second, redis_round_trip_ms, loop_delay_ms } = figures;
  const rate_history = figures.history.jobs_per_second;
  return {
    sessions,
    nodes,
    waiting,
    running,
    jobs_per_second,
    rate_history,
    redis_round_trip_ms,
    loop_delay_ms,
  };
}

const urgency: Readonly<Record<NodeView['status'], number>> = {
  degraded: 0,
  offline: 1,
  registering: 2,
  draining: 3,
  ready: 4,
};

const nodesInOrder = (nodes: readonly NodeView[]): NodeView[] =>
  [...nodes].sort((a, b) => urgency[a.status] - urgency[b.status] || compareIds(a.nodeId, b.nodeId));

const nodeRow = (node: NodeView): DashboardNode => ({
  node_id: node.nodeId,
  instance_id: node.instanceId,
  status: node.status,
  slots: node.slots,
  running: node.running,
  services: node.services,
  cpu_percent: node.cpuPercent,
  gpu_percent: node.gpuPercent,
  memory_percent: node.memoryPercent,
});

/** The newest first. */
function notableOf(instances: readonly SeenInstance[]): DashboardNotable[] {
  const all = instances
    .flatMap(({ instanceId, figures }) =>
      (figures?.notable ?? []).map((event) => ({ ...event, instance_id: instanceId })),
    )
    .sort((a, b) => b.at_ms - a.at_ms);
  return all
    .filter((event, at) => !event.common || !all.slice(0, at).some((newer) => isSame(newer, event)))
    .map(({ at_ms, level, what, count, instance_id }) => ({ at_ms, level, what, count, instance_id }))
    .slice(0, notableShown);
}

/** Of what all instances tell, one telling is enough. */
const sameWithinMs = 30_000;

const isSame = (a: Notable, b: Notable): boolean =>
  a.what === b.what && Math.abs(a.at_ms - b.at_ms) < sameWithinMs;
