/** The two dashboards as data: what each panel is called, tells and asks for. grafana.ts makes Grafana's JSON of them. */
import { schedulerJob } from '../operator/resources/monitoring/fleet-alerts.ts';
import { operatorJob } from '../operator/resources/monitoring/operator-alerts.ts';

export interface Panel {
  /** One figure as it is now, or its course over time. */
  readonly kind: 'stat' | 'timeseries';
  readonly title: string;
  /** Shown when the reader points at the panel's mark: how to read it, and what is good. */
  readonly description: string;
  /** Grafana's name of a unit. */
  readonly unit: 'short' | 'ops' | 's' | 'percentunit' | 'bytes';
  /** It counts things: an axis has no halves. */
  readonly whole?: true;
  /** Query and the legend of its series. */
  readonly queries: readonly Query[];
}

type Query = readonly [expr: string, legend: string];

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** Variables of the page, each a label of a metric. */
  readonly variables: readonly (readonly [label: string, metric: string])[];
  /** In reading order: they are laid out from left to right. */
  readonly panels: readonly Panel[];
}

const instanceOf = '{namespace=~"$namespace",scheduler_cluster=~"$scheduler_cluster"';
const fleet = (metric: string, more = ''): string => `${metric}${instanceOf}${more && `,${more}`}}`;
const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
/** Nothing is shown while there was nothing to measure. */
const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${String(q)}, sum by (${by}) (${rate(metric)})) >= 0`;
/** Nothing counted yet is none, and not an empty panel. */
const orNone = (expr: string): string => `${expr} or vector(0)`;
const total = (series: string): Query => [orNone(`sum(${rate(series)})`), 'all'];
const byPod = 'le, pod, instance';
/** On hosts there is no pod. */
const legend = '{{pod}} {{instance}}';

const jobs = fleet('scheduler_jobs_total');
const jobSeconds = fleet('scheduler_job_duration_seconds_bucket');
const selections = fleet('scheduler_node_selections_total');
const unplaced = fleet('scheduler_no_available_node_total');
const refused = fleet('scheduler_overload_refused_total');

const fleetFigures: readonly Panel[] = [
  {
    kind: 'stat',
    title: 'Instances up',
    description:
      'Instances that Prometheus reaches. Fewer than the SchedulerCluster asks for: some are starting, or down.',
    unit: 'short',
    whole: true,
    queries: [[`sum(${fleet('up', `job="${schedulerJob}"`)})`, '']],
  },
  {
    kind: 'stat',
    title: 'Sessions',
    description: 'Clients that are connected now, on all instances.',
    unit: 'short',
    whole: true,
    queries: [[`sum(${fleet('scheduler_sessions_total')})`, '']],
  },
  {
    kind: 'stat',
    title: 'Nodes ready',
    description:
      'Nodes that can take a job now, on all instances. None while there are sessions: nothing is translated.',
    unit: 'short',
    whole: true,
    queries: [[`sum(${fleet('scheduler_nodes_total', 'status="ready"')})`, '']],
  },
  {
    kind: 'stat',
    title: 'Jobs translated',
    description: 'Jobs that ended with a translation, a second.',
    unit: 'ops',
    queries: [[orNone(`sum(${rate(fleet('scheduler_jobs_total', 'status="completed"'))})`), '']],
  },
  {
    kind: 'stat',
    title: 'Time to answer',
    description:
      'Nineteen of twenty jobs took at most this, from the utterance to the result that was sent to its session.',
    unit: 's',
    queries: [
      [quantile(0.95, fleet('scheduler_job_duration_seconds_bucket', 'stage="delivered"'), 'le'), ''],
    ],
  },
  {
    kind: 'stat',
    title: 'Dead letters',
    description:
      'Messages between instances that could not be delivered and that nobody has replayed or dropped. Should be 0.',
    unit: 'short',
    whole: true,
    queries: [[`sum(${fleet('scheduler_phase2_dlq_length')})`, '']],
  },
];

const fleetCourses: readonly Panel[] = [
  {
    kind: 'timeseries',
    title: 'Jobs by what became of them',
    description:
      'Accepted and completed run side by side. Failed, timeout and unavailable are jobs without a translation.',
    unit: 'ops',
    queries: [[`sum by (status) (${rate(jobs)})`, '{{status}}']],
  },
  {
    kind: 'timeseries',
    title: 'Time from utterance to stage, p95',
    description:
      'Accepted: recorded. Dispatched: a node has it. Answered: the node is done. Delivered: sent to the session, in order.',
    unit: 's',
    queries: [[quantile(0.95, jobSeconds, 'le, stage'), '{{stage}}']],
  },
  {
    kind: 'timeseries',
    title: 'Open jobs',
    description: 'Waiting for a slot of a node, and running on one. Waiting that grows: too few nodes.',
    unit: 'short',
    whole: true,
    queries: [[`sum by (state) (${fleet('scheduler_open_jobs')})`, '{{state}}']],
  },
  {
    kind: 'timeseries',
    title: 'Sessions by instance',
    description:
      'Instances share the sessions; one that has none although others have is draining, or not behind the Service.',
    unit: 'short',
    whole: true,
    queries: [[fleet('scheduler_sessions_total'), legend]],
  },
  {
    kind: 'timeseries',
    title: 'Nodes by status',
    description: 'Degraded nodes take jobs only when no ready one can. Draining nodes finish what they have.',
    unit: 'short',
    whole: true,
    queries: [[`sum by (status) (${fleet('scheduler_nodes_total')})`, '{{status}}']],
  },
  {
    kind: 'timeseries',
    title: 'Choices of a node that find none',
    description: 'Of all choices. The guide allows 5 %; an alert tells of more.',
    unit: 'percentunit',
    queries: [
      [
        orNone(
          `sum(${rate(fleet('scheduler_node_selections_total', 'result="none"'))}) / (sum(${rate(selections)}) > 0)`,
        ),
        'find none',
      ],
    ],
  },
  {
    kind: 'timeseries',
    title: 'Why no node could be chosen',
    description: 'By what kept most nodes out. Nothing but 0 is good.',
    unit: 'ops',
    queries: [[`sum by (reason) (${rate(unplaced)})`, '{{reason}}'], total(unplaced)],
  },
  {
    kind: 'timeseries',
    title: 'Utterances refused',
    description:
      'Because an instance has too much to do; clients are told when to try again. Nothing but 0 is good.',
    unit: 'ops',
    queries: [[`sum by (reason) (${rate(refused)})`, '{{reason}}'], total(refused)],
  },
  {
    kind: 'timeseries',
    title: 'Inbox entries not finished',
    description:
      'Messages of other instances that were read and not done with. The guide allows 1,000; usually next to none.',
    unit: 'short',
    whole: true,
    queries: [[fleet('scheduler_phase2_inbox_pending'), legend]],
  },
  {
    kind: 'timeseries',
    title: 'Redis operations by outcome',
    description: 'Any err that stays means that an instance cannot use its Redis.',
    unit: 'ops',
    queries: [[`sum by (result) (${rate(fleet('scheduler_phase2_redis_op_total'))})`, '{{result}}']],
  },
  {
    kind: 'timeseries',
    title: 'Round trip to Redis, median',
    description: 'The guide asks for under 10 ms.',
    unit: 's',
    queries: [
      [quantile(0.5, fleet('scheduler_redis_op_duration_seconds_bucket', 'op="exists"'), byPod), legend],
    ],
  },
  {
    kind: 'timeseries',
    title: 'Dead letters by instance',
    description: 'The guide allows 100. `scheduler dlq list` shows them.',
    unit: 'short',
    whole: true,
    queries: [[fleet('scheduler_phase2_dlq_length'), legend]],
  },
  {
    kind: 'timeseries',
    title: 'Leases held',
    description: '1 while an instance holds its own id in Redis; 0 means that others do not reach it.',
    unit: 'short',
    whole: true,
    queries: [[fleet('scheduler_lease_held'), legend]],
  },
  {
    kind: 'timeseries',
    title: 'Delay of the event loop',
    description: 'How late an instance is with everything it does. Beyond a limit it refuses new utterances.',
    unit: 's',
    queries: [[fleet('scheduler_event_loop_delay_seconds'), legend]],
  },
  {
    kind: 'timeseries',
    title: 'Memory',
    description: 'Of each process, as the kernel counts it. The page on capacity tells what to expect.',
    unit: 'bytes',
    queries: [[fleet('process_resident_memory_bytes', `job="${schedulerJob}"`), legend]],
  },
];

export const fleetDashboard: Dashboard = {
  uid: 'lingua-fleet',
  title: 'Lingua / fleet',
  variables: [
    ['namespace', 'scheduler_sessions_total'],
    ['scheduler_cluster', 'scheduler_sessions_total'],
  ],
  panels: [...fleetFigures, ...fleetCourses],
};

const cluster = '{{namespace}}/{{name}}';
const perCluster = (series: string): string => `max by (namespace, name) (${series})`;
const condition = (type: string): string => `lingua_cluster_condition{type="${type}"}`;
const looks = 'controller_runtime_reconcile_total';
const failedLooks = 'controller_runtime_reconcile_errors_total';

const operatorFigures: readonly Panel[] = [
  {
    kind: 'stat',
    title: 'SchedulerClusters',
    description: 'That the operator which leads looks after.',
    unit: 'short',
    whole: true,
    queries: [[orNone(`count(${perCluster('lingua_cluster_ready')})`), '']],
  },
  {
    kind: 'stat',
    title: 'Ready',
    description: 'SchedulerClusters that are as they are asked to be.',
    unit: 'short',
    whole: true,
    queries: [[orNone(`sum(${perCluster('lingua_cluster_ready')})`), '']],
  },
  {
    kind: 'stat',
    title: 'Degraded',
    description: 'SchedulerClusters in which something fails; condition Degraded says what. Should be 0.',
    unit: 'short',
    whole: true,
    queries: [[orNone(`sum(${perCluster(condition('Degraded'))})`), '']],
  },
  {
    kind: 'stat',
    title: 'Leaders',
    description:
      'Operators that act. Always 1: the others stand by. 0 for long means that nothing is scaled, rolled or healed.',
    unit: 'short',
    whole: true,
    queries: [[orNone('sum(leader_election_master_status{name="lingua-operator"})'), '']],
  },
  {
    kind: 'stat',
    title: 'Looks that fail',
    description: 'A second. One that failed is tried again, ever more seldom.',
    unit: 'ops',
    queries: [[orNone(`sum(${rate(failedLooks)})`), '']],
  },
  {
    kind: 'stat',
    title: 'Oldest news',
    description: 'Since the API server was last heard of any kind; it says something at least once a minute.',
    unit: 's',
    queries: [['max(kube_reflector_age_seconds)', '']],
  },
];

const operatorCourses: readonly Panel[] = [
  {
    kind: 'timeseries',
    title: 'Ready',
    description:
      '1 while a SchedulerCluster is as it is asked to be, 0 while it is not; its condition Ready says why.',
    unit: 'short',
    whole: true,
    queries: [[perCluster('lingua_cluster_ready'), cluster]],
  },
  {
    kind: 'timeseries',
    title: 'Degraded',
    description: '1 while something in a SchedulerCluster fails.',
    unit: 'short',
    whole: true,
    queries: [[perCluster(condition('Degraded')), cluster]],
  },
  {
    kind: 'timeseries',
    title: 'Instances wanted and ready',
    description: 'Apart while a fleet scales or rolls; otherwise one line lies on the other.',
    unit: 'short',
    whole: true,
    queries: [
      [
        'max by (namespace, name, state) (lingua_cluster_replicas{state=~"wanted|ready"})',
        `${cluster} {{state}}`,
      ],
    ],
  },
  {
    kind: 'timeseries',
    title: 'A job between two instances took',
    description: 'The last try of a route, about one a minute, with all its writes to Redis.',
    unit: 's',
    queries: [[perCluster('lingua_cluster_route_seconds'), cluster]],
  },
  {
    kind: 'timeseries',
    title: 'Who leads',
    description: '1 for the operator that acts, 0 for those that stand by.',
    unit: 'short',
    whole: true,
    queries: [['leader_election_master_status', '{{pod}}']],
  },
  {
    kind: 'timeseries',
    title: 'Looks by result',
    description:
      'How often the operator compares what is with what should be. Error and requeue for long are not good.',
    unit: 'ops',
    queries: [[`sum by (result) (${rate(looks)})`, '{{result}}']],
  },
  {
    kind: 'timeseries',
    title: 'How long a look takes, p99',
    description: 'With all requests to the API server and to the instances.',
    unit: 's',
    queries: [
      [
        quantile(0.99, 'controller_runtime_reconcile_time_seconds_bucket', 'le, controller'),
        '{{controller}}',
      ],
    ],
  },
  {
    kind: 'timeseries',
    title: 'Keys that wait',
    description: 'SchedulerClusters that the operator which leads has still to look at; 0 nearly always.',
    unit: 'short',
    whole: true,
    // Those that stand by keep what they would look at first.
    queries: [
      [
        'sum by (name) (workqueue_depth and on (pod, instance) leader_election_master_status == 1)',
        '{{name}}',
      ],
    ],
  },
  {
    kind: 'timeseries',
    title: 'Writes to owned objects',
    description: 'None while nothing changes. Writes that go on: somebody else writes the same fields.',
    unit: 'ops',
    queries: [
      [`sum by (kind, verb) (${rate('lingua_operator_writes_total')}) > 0`, '{{verb}} {{kind}}'],
      total('lingua_operator_writes_total'),
    ],
  },
  {
    kind: 'timeseries',
    title: 'Requests to the API server',
    description: 'By method and status. 409 now and then is harmless, 403 is a right that is missing.',
    unit: 'ops',
    queries: [[`sum by (method, code) (${rate('rest_client_requests_total')})`, '{{method}} {{code}}']],
  },
  {
    kind: 'timeseries',
    title: 'Last news from the API server',
    description: 'By kind. Above five minutes the operator does not hear of changes, and an alert tells.',
    unit: 's',
    queries: [['max by (kind) (kube_reflector_age_seconds)', '{{kind}}']],
  },
  {
    kind: 'timeseries',
    title: 'Memory',
    description: 'Of each operator, as the kernel counts it.',
    unit: 'bytes',
    queries: [[`process_resident_memory_bytes{job="${operatorJob}"}`, '{{pod}}']],
  },
];

export const operatorDashboard: Dashboard = {
  uid: 'lingua-operator',
  title: 'Lingua / operator',
  variables: [],
  panels: [...operatorFigures, ...operatorCourses],
};

export const dashboards: readonly Dashboard[] = [fleetDashboard, operatorDashboard];
