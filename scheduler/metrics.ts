/**
 * Every metric of the scheduler. The names and labels of the guide come first; ours follow. No label ever holds an id,
 * because the number of series must not grow with sessions, nodes or jobs; the original's few that do are bounded.
 */
import { Gauge, collectDefaultMetrics, type Registry } from 'prom-client';
import { refusalCauses } from './decide/admission.ts';
import type { NodeStatus } from './decide/node-lifecycle.ts';
import { Tally, Timing } from './series.ts';
import type { RefusalReason } from './store/hints.ts';

export type JobStatus =
  'accepted' | 'dispatched' | 'completed' | 'failed' | 'timeout' | 'unavailable' | 'refused';

const statuses: readonly NodeStatus[] = ['registering', 'ready', 'degraded', 'draining', 'offline'];

/** What the process holds now; asked at each scrape, so that no gauge can drift. */
export interface Census {
  sessions(): number;
  nodes(): ReadonlyMap<NodeStatus, number>;
  jobs(): { waiting: number; running: number };
  /** Of this instance's inbox, as last heard. */
  inbox(): { pending: number; dlqLength: number };
  /** Seconds by which the event loop is late. */
  loopDelay(): number;
}

const jobBuckets = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const fastBuckets = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05];
const redisBuckets = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What makes metrics in one registry, all under one prefix. */
function factory(registry: Registry) {
  const registers = [registry];
  return {
    counter: <Label extends string = never>(name: string, help: string, ...labelNames: Label[]) =>
      new Tally<Label>({ name: `scheduler_${name}`, help, labelNames, registers }),
    gauge: (name: string, help: string) => new Gauge({ name: `scheduler_${name}`, help, registers }),
    histogram: <Label extends string = never>(
      name: string,
      help: string,
      buckets: number[],
      ...labelNames: Label[]
    ) => new Timing<Label>({ name: `scheduler_${name}`, help, labelNames, buckets, registers }),
  };
}
type Factory = ReturnType<typeof factory>;

/** Counters and histograms under the names of the guide; its gauges are in `registerCensus`. */
const guideMetrics = ({ counter, histogram }: Factory) => ({
  redisOps: counter('phase2_redis_op_total', 'Redis operations by name and outcome.', 'op', 'result'),
  redisOpSeconds: histogram('redis_op_duration_seconds', 'Duration of Redis operations.', redisBuckets, 'op'),
  dlqMoved: counter('phase2_dlq_moved_total', 'Inbox entries moved to the dead letters.'),
  presenceHeartbeats: counter('phase2_presence_heartbeat_total', 'Presence renewals written.'),
  jobs: counter<'status'>('jobs_total', 'Jobs by what became of them.', 'status'),
  selectionSeconds: histogram('node_selection_duration_seconds', 'Time to choose a node.', fastBuckets),
});

const ownMetrics = ({ counter, gauge, histogram }: Factory) => ({
  jobSeconds: histogram('job_duration_seconds', 'Time from utterance to each stage.', jobBuckets, 'stage'),
  nodeSeconds: histogram(
    'node_job_duration_seconds',
    'On the instance of the node: from the assignment to the answer, and from the answer until it is recorded.',
    jobBuckets,
    'stage',
  ),
  selections: counter('node_selections_total', 'Choices of a node: chosen or none.', 'result'),
  noAvailableNode: counter(
    'no_available_node_total',
    'Jobs for which no node could be chosen, by what kept most nodes out.',
    'selector',
    'reason',
  ),
  poolSelections: counter('phase3_pool_selected_total', 'Choices by pool.', 'pool', 'outcome', 'fallback'),
  poolAttempts: counter('phase3_pool_attempt_total', 'Pools that were tried.', 'pool', 'result', 'reason'),
  refusals: counter('assign_refused_total', 'Assignments refused by the instance of the node.', 'reason'),
  staleResults: counter('stale_results_total', 'Results of nodes that came too late or twice.', 'why'),
  modelNotAvailable: counter('model_na_received_total', 'Results that say a model is not available.'),
  modelNotAvailableLimited: counter('model_na_rate_limited_total', 'Of those, ignored by the rate limit.'),
  modelNotAvailableMarked: counter('model_na_marked_total', 'Of those, that marked a service of a node.'),
  modelNaByService: counter(
    'model_na_by_service_total',
    'Of those, by service, up to a limit.',
    'service_id',
  ),
  modelNaByReason: counter(
    'model_na_by_reason_total',
    'Of those, by the reason given, up to a limit.',
    'reason',
  ),
  modelNaLimitedByNode: counter(
    'model_na_rate_limited_by_node_total',
    'Of those ignored by the rate limit, by node, up to a limit.',
    'node_id',
  ),
  modelNaMarkedByNode: counter(
    'model_na_marked_by_node_total',
    'Of those that marked a service, by node, up to a limit.',
    'node_id',
  ),
  modelNaOtherService: counter('model_na_other_service_total', 'Services beyond the limit.'),
  modelNaOtherReason: counter('model_na_other_reason_total', 'Reasons beyond the limit.'),
  modelNaOtherLimitedNode: counter('model_na_other_rate_limited_node_total', 'Nodes beyond the limit.'),
  modelNaOtherMarkedNode: counter('model_na_other_marked_node_total', 'Nodes beyond the limit.'),
  modelNaReplaced: counter('model_na_replaced_total', 'Jobs that went to another node for it.'),
  badFrames: counter('bad_frames_total', 'Frames that could not be read.', 'side'),
  connectionsClosed: counter('connections_closed_total', 'Connections ended by us.', 'side', 'code'),
  connectionsRefused: counter('connections_refused_total', 'Upgrades refused.', 'side', 'reason'),
  hintsSent: counter('hints_sent_total', 'Hints to other instances by type and outcome.', 'type', 'result'),
  hintsReceived: counter('hints_received_total', 'Hints from other instances by type.', 'type'),
  overloadRefused: counter(
    'overload_refused_total',
    'Utterances refused because there is too much.',
    'reason',
  ),
  webTasksFinalized: counter('web_task_finalized_total', 'Utterances cut from streamed audio.', 'reason'),
  webTaskPauseMs: gauge('web_task_pause_ms', 'Silence that ends a streamed utterance, as configured.'),
  sessionsResumed: counter('sessions_resumed_total', 'Tries to resume a session by outcome.', 'result'),
  swept: counter('swept_jobs_total', 'Jobs of lost owners by what was done.', 'action'),
  reaped: counter('instances_reaped_total', 'Dead instances this one has cleaned up after.'),
  statsRequests: counter('stats_requests_total', 'Requests for the statistics.'),
  statsStale: counter('stats_stale_total', 'Of those, answered with figures that were too old.'),
  statsSeconds: histogram('stats_request_duration_seconds', 'Time to answer them.', redisBuckets),
  leaseLost: counter('lease_lost_total', 'Times this process lost its lease.'),
  leaseHeld: gauge('lease_held', '1 while this process holds its lease.'),
  duplicateInstance: gauge('duplicate_instance', '1 while another process holds our instance id.'),
});

export function createMetrics(registry: Registry) {
  collectDefaultMetrics({ register: registry });
  const make = factory(registry);
  return { ...guideMetrics(make), ...ownMetrics(make) };
}
export type Metrics = ReturnType<typeof createMetrics>;

/** The gauges, which are asked for at each scrape. */
export function registerCensus(registry: Registry, census: Census): void {
  const registers = [registry];
  new Gauge({
    name: 'scheduler_sessions_total',
    help: 'Sessions connected to this instance.',
    registers,
    collect() {
      this.set(census.sessions());
    },
  });
  new Gauge({
    name: 'scheduler_nodes_total',
    help: 'Nodes connected to this instance by status.',
    labelNames: ['status'],
    registers,
    collect() {
      const counts = census.nodes();
      for (const status of statuses) this.set({ status }, counts.get(status) ?? 0);
    },
  });
  new Gauge({
    name: 'scheduler_open_jobs',
    help: 'Jobs this instance answers for: waiting for a slot, or running on a node.',
    labelNames: ['state'],
    registers,
    collect() {
      const { waiting, running } = census.jobs();
      this.set({ state: 'waiting' }, waiting);
      this.set({ state: 'running' }, running);
    },
  });
  new Gauge({
    name: 'scheduler_event_loop_delay_seconds',
    help: 'How late the event loop runs all the time, one stall not counted; beyond a limit new utterances are refused.',
    registers,
    collect() {
      this.set(census.loopDelay());
    },
  });
  new Gauge({
    name: 'scheduler_phase2_inbox_pending',
    help: 'Inbox entries read and not acknowledged.',
    registers,
    collect() {
      this.set(census.inbox().pending);
    },
  });
  new Gauge({
    name: 'scheduler_phase2_dlq_length',
    help: 'Dead letters of this instance that nobody has replayed or dropped.',
    registers,
    collect() {
      this.set(census.inbox().dlqLength);
    },
  });
}

/** What the surfaces for people know; asked at each scrape. */
export interface SurfaceCensus {
  /** Seconds since the statistics were made; undefined: nobody asked yet. */
  snapshotAge(): number | undefined;
  /** Undefined when no Model Hub is configured. */
  catalogue(): { readonly failures: number; readonly lastSuccessAgeSeconds: number | null } | undefined;
}

export function registerSurfaceCensus(registry: Registry, census: SurfaceCensus): void {
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name: `scheduler_${name}`,
      help,
      registers: [registry],
      collect() {
        const now = value();
        if (now === undefined) this.reset();
        else this.set(now);
      },
    });
  gauge('dashboard_snapshot_age_seconds', 'Age of the figures that the statistics show.', () =>
    census.snapshotAge(),
  );
  gauge(
    'service_catalog_fail_count',
    'Failed reads of the Model Hub in a row.',
    () => census.catalogue()?.failures,
  );
  gauge(
    'service_catalog_last_success_age_seconds',
    'Since the Model Hub was last read.',
    () => census.catalogue()?.lastSuccessAgeSeconds ?? undefined,
  );
}

/** Labels exist from the start, so that a rate over them is right from the first event on. */
export function touchSeries(metrics: Metrics): void {
  const jobStatuses: JobStatus[] = [
    'accepted',
    'dispatched',
    'completed',
    'failed',
    'timeout',
    'unavailable',
    'refused',
  ];
  for (const status of jobStatuses) metrics.jobs.inc({ status }, 0);
  const reasons: RefusalReason[] = ['full', 'gone', 'not_ready', 'draining'];
  for (const reason of reasons) metrics.refusals.inc({ reason }, 0);
  for (const reason of refusalCauses) metrics.overloadRefused.inc({ reason }, 0);
  for (const reason of ['send', 'pause', 'limit'] as const) metrics.webTasksFinalized.inc({ reason }, 0);
  for (const result of ['chosen', 'none'] as const) metrics.selections.inc({ result }, 0);
}
