/** The dashboard of a fleet: what each panel is called, tells and asks for. */
import { schedulerJob } from '../operator/resources/monitoring/fleet-alerts.ts';
import { orNone, quantile, rate, total, type Dashboard, type Panel } from './panels.ts';

const instanceOf = '{namespace=~"$namespace",scheduler_cluster=~"$scheduler_cluster"';
const fleet = (metric: string, more = ''): string => `${metric}${instanceOf}${more && `,${more}`}}`;
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
