/** The two dashboards as data: titles, units and queries. Grafana's JSON is made of them. */

export interface Panel {
  readonly title: string;
  /** Grafana's name of a unit. */
  readonly unit: string;
  /** Query and the legend of its series. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  /** Variables of the page, each a label of a metric. */
  readonly variables: readonly (readonly [label: string, metric: string])[];
  readonly panels: readonly Panel[];
}

const instanceOf = '{namespace=~"$namespace",scheduler_cluster=~"$scheduler_cluster"';
const fleet = (metric: string, more = ''): string => `${metric}${instanceOf}${more && `,${more}`}}`;
const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${String(q)}, sum by (le, ${by}) (rate(${metric}[$__rate_interval])))`;
const byPod = 'pod, instance';
const legend = '{{pod}} {{instance}}';

export const fleetDashboard: Dashboard = {
  uid: 'lingua-fleet',
  title: 'Lingua / fleet',
  variables: [
    ['namespace', 'scheduler_sessions_total'],
    ['scheduler_cluster', 'scheduler_sessions_total'],
  ],
  panels: [
    {
      title: 'Sessions',
      unit: 'short',
      queries: [[fleet('scheduler_sessions_total'), legend]],
    },
    {
      title: 'Nodes by status',
      unit: 'short',
      queries: [[`sum by (status) (${fleet('scheduler_nodes_total')})`, '{{status}}']],
    },
    {
      title: 'Open jobs',
      unit: 'short',
      queries: [[`sum by (state) (${fleet('scheduler_open_jobs')})`, '{{state}}']],
    },
    {
      title: 'Jobs a second by what became of them',
      unit: 'ops',
      queries: [[`sum by (status) (rate(${fleet('scheduler_jobs_total')}[$__rate_interval]))`, '{{status}}']],
    },
    {
      title: 'Time from utterance to each stage, 95th percentile',
      unit: 's',
      queries: [[quantile(0.95, fleet('scheduler_job_duration_seconds_bucket'), 'stage'), '{{stage}}']],
    },
    {
      title: 'Choices of a node that find none',
      unit: 'percentunit',
      queries: [
        [
          `sum(rate(${fleet('scheduler_node_selections_total', 'result="none"')}[$__rate_interval]))` +
            ` / sum(rate(${fleet('scheduler_node_selections_total')}[$__rate_interval]))`,
          'none',
        ],
      ],
    },
    {
      title: 'Why no node could be chosen, a second',
      unit: 'ops',
      queries: [
        [
          `sum by (reason) (rate(${fleet('scheduler_no_available_node_total')}[$__rate_interval]))`,
          '{{reason}}',
        ],
      ],
    },
    {
      title: 'Utterances refused a second',
      unit: 'ops',
      queries: [
        [
          `sum by (reason) (rate(${fleet('scheduler_overload_refused_total')}[$__rate_interval]))`,
          '{{reason}}',
        ],
      ],
    },
    {
      title: 'Inbox entries not finished',
      unit: 'short',
      queries: [[fleet('scheduler_phase2_inbox_pending'), legend]],
    },
    {
      title: 'Dead letters',
      unit: 'short',
      queries: [[fleet('scheduler_phase2_dlq_length'), legend]],
    },
    {
      title: 'Redis operations a second by outcome',
      unit: 'ops',
      queries: [
        [
          `sum by (result) (rate(${fleet('scheduler_phase2_redis_op_total')}[$__rate_interval]))`,
          '{{result}}',
        ],
      ],
    },
    {
      title: 'Round trip to Redis, median',
      unit: 's',
      queries: [
        [quantile(0.5, fleet('scheduler_redis_op_duration_seconds_bucket', 'op="exists"'), byPod), legend],
      ],
    },
    {
      title: 'Leases held',
      unit: 'short',
      queries: [[fleet('scheduler_lease_held'), legend]],
    },
    {
      title: 'Delay of the event loop',
      unit: 's',
      queries: [[fleet('scheduler_event_loop_delay_seconds'), legend]],
    },
  ],
};

const cluster = '{{namespace}}/{{name}}';

export const operatorDashboard: Dashboard = {
  uid: 'lingua-operator',
  title: 'Lingua / operator',
  variables: [],
  panels: [
    {
      title: 'Ready SchedulerClusters',
      unit: 'short',
      queries: [['max by (namespace, name) (lingua_cluster_ready)', cluster]],
    },
    {
      title: 'Degraded SchedulerClusters',
      unit: 'short',
      queries: [['max by (namespace, name) (lingua_cluster_condition{type="Degraded"})', cluster]],
    },
    {
      title: 'Instances wanted and ready',
      unit: 'short',
      queries: [
        [
          'max by (namespace, name, state) (lingua_cluster_replicas{state=~"wanted|ready"})',
          `${cluster} {{state}}`,
        ],
      ],
    },
    {
      title: 'A job between two instances took',
      unit: 's',
      queries: [['max by (namespace, name) (lingua_cluster_route_seconds)', cluster]],
    },
    {
      title: 'Leader',
      unit: 'short',
      queries: [['leader_election_master_status', '{{pod}} {{instance}}']],
    },
    {
      title: 'Looks a second by result',
      unit: 'ops',
      queries: [
        [
          'sum by (controller, result) (rate(controller_runtime_reconcile_total[$__rate_interval]))',
          '{{controller}} {{result}}',
        ],
      ],
    },
    {
      title: 'How long a look takes, 99th percentile',
      unit: 's',
      queries: [
        [quantile(0.99, 'controller_runtime_reconcile_time_seconds_bucket', 'controller'), '{{controller}}'],
      ],
    },
    {
      title: 'Keys that wait',
      unit: 'short',
      queries: [['sum by (name) (workqueue_depth)', '{{name}}']],
    },
    {
      title: 'Writes to owned objects a second',
      unit: 'ops',
      queries: [
        ['sum by (kind, verb) (rate(lingua_operator_writes_total[$__rate_interval]))', '{{verb}} {{kind}}'],
      ],
    },
    {
      title: 'Requests to the API server a second',
      unit: 'ops',
      queries: [
        ['sum by (method, code) (rate(rest_client_requests_total[$__rate_interval]))', '{{method}} {{code}}'],
      ],
    },
    {
      title: 'Last news from the API server',
      unit: 's',
      queries: [['max by (kind) (kube_reflector_age_seconds)', '{{kind}}']],
    },
  ],
};

export const dashboards: readonly Dashboard[] = [fleetDashboard, operatorDashboard];

const width = 12;
const height = 8;
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** What Grafana imports. */
export function grafanaJson({ uid, title, variables, panels }: Dashboard): string {
  const page = {
    uid,
    title,
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    tags: ['lingua'],
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        ...variables.map(([label, metric]) => ({
          name: label,
          type: 'query',
          datasource,
          query: `label_values(${metric}, ${label})`,
          refresh: 2,
          multi: true,
          includeAll: true,
          // Where hosts are scraped the label is absent, which only this matches.
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        })),
      ],
    },
    panels: panels.map((panel, index) => ({
      id: index + 1,
      type: 'timeseries',
      title: panel.title,
      datasource,
      gridPos: { x: (index % 2) * width, y: Math.floor(index / 2) * height, w: width, h: height },
      fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
      targets: panel.queries.map(([expr, legendFormat], query) => ({
        refId: String.fromCharCode(65 + query),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
  return `${JSON.stringify(page, null, 2)}\n`;
}
