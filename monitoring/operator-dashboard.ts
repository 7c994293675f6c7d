/** The dashboard of the operator: what each panel is called, tells and asks for. */
import { operatorJob } from '../operator/resources/monitoring/operator-alerts.ts';
import { orNone, quantile, rate, total, type Dashboard, type Panel } from './panels.ts';

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
