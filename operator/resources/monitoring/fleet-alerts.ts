/**
 * Alerts on fleets: first the five of the deployment guide with its figures, then ours. They are read on any Prometheus
 * that scrapes schedulers under the job `lingua-scheduler`: `scheduler_cluster` and `pod` come from the PodMonitor, and
 * are simply absent where somebody scrapes hosts.
 */
import { guide } from '../../decide/guide.ts';
import { alertRule, selector, type AlertRule, type Matcher, type RuleGroup } from './rule.ts';

export const schedulerJob = 'lingua-scheduler';

/** What a series of an instance, and of a fleet, is told apart by. */
const byInstance = 'namespace, scheduler_cluster, pod, instance';
const byFleet = 'namespace, scheduler_cluster';

/** For a text that says which instance, in Kubernetes or on a host. */
const instance =
  '{{ $labels.scheduler_cluster }} {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }}';
const fleet = '{{ $labels.namespace }}/{{ $labels.scheduler_cluster }}';

/** @param of which fleets: none for all that are scraped */
export function fleetAlerts(...of: readonly Matcher[]): RuleGroup[] {
  const series = (metric: string, ...matchers: readonly Matcher[]) => selector(metric, ...of, ...matchers);
  return [
    { name: 'lingua-guide', rules: guideAlerts(series) },
    { name: 'lingua-fleet', rules: [...ownershipAlerts(series), ...serviceAlerts(series)] },
  ];
}

type Series = (metric: string, ...matchers: readonly Matcher[]) => string;

function guideAlerts(series: Series): AlertRule[] {
  return [
    alertRule('LinguaRedisErrors', {
      severity: 'critical',
      // An idle instance without Redis fails some ten operations a second; one that lost a node of a cluster fails fewer.
      expr: `sum by (${byInstance}) (rate(${series('scheduler_phase2_redis_op_total', 'result="err"')}[2m])) > 1`,
      for: '1m',
      summary: 'A scheduler cannot use its Redis',
      description: `${instance} fails {{ $value | humanize }} Redis operations a second. It is not ready meanwhile, and takes no jobs.`,
    }),
    alertRule('LinguaInboxBacklog', {
      severity: 'warning',
      expr: `${series('scheduler_phase2_inbox_pending')} > ${String(guide.inboxPendingMax)}`,
      for: '1m',
      summary: 'Messages between instances pile up',
      description: `${instance} has read {{ $value }} inbox entries and not finished with them.`,
    }),
    alertRule('LinguaDeadLetters', {
      severity: 'warning',
      expr: `${series('scheduler_phase2_dlq_length')} > ${String(guide.dlqLengthMax)}`,
      for: '1m',
      summary: 'Messages could not be delivered',
      description: `${instance} holds {{ $value }} dead letters.`,
    }),
    alertRule('LinguaPresenceMissing', {
      severity: 'critical',
      expr: `${series('scheduler_lease_held')} == 0 or ${series('up', `job="${schedulerJob}"`)} == 0`,
      for: '1m',
      summary: 'An instance has no presence',
      description: `${instance} does not answer, or does not hold its own id in Redis. Others do not reach its nodes and sessions.`,
    }),
    alertRule('LinguaNodeSelectionFailures', {
      severity: 'warning',
      expr:
        `sum by (${byFleet}) (rate(${series('scheduler_node_selections_total', 'result="none"')}[5m]))` +
        ` / sum by (${byFleet}) (rate(${series('scheduler_node_selections_total')}[5m])) > 0.05`,
      for: '5m',
      summary: 'Jobs find no free node',
      description: `In ${fleet} {{ $value | humanizePercentage }} of the choices of a node find none.`,
    }),
  ];
}

function ownershipAlerts(series: Series): AlertRule[] {
  return [
    alertRule('LinguaDuplicateInstance', {
      severity: 'critical',
      expr: `${series('scheduler_duplicate_instance')} == 1`,
      for: '1m',
      summary: 'Two processes claim one instance id',
      description: `Another process holds the id of ${instance}, which therefore does not serve.`,
    }),
    alertRule('LinguaLeaseLost', {
      severity: 'warning',
      expr: `increase(${series('scheduler_lease_lost_total')}[1h]) > 3`,
      for: '0m',
      summary: 'An instance loses its lease again and again',
      description: `${instance} lost its lease {{ $value | humanize }} times in an hour: it hangs, or its Redis is away too long.`,
    }),
  ];
}

function serviceAlerts(series: Series): AlertRule[] {
  const ended = series('scheduler_jobs_total', 'status=~"failed|timeout|unavailable"');
  const accepted = series('scheduler_jobs_total', 'status="accepted"');
  return [
    alertRule('LinguaNoNodes', {
      severity: 'critical',
      expr:
        `sum by (${byFleet}) (${series('scheduler_nodes_total', 'status=~"ready|degraded"')}) == 0` +
        ` and sum by (${byFleet}) (${series('scheduler_sessions_total')}) > 0`,
      for: '2m',
      summary: 'Sessions are connected and no node is',
      description: `No node of ${fleet} can take a job.`,
    }),
    alertRule('LinguaJobsFailing', {
      severity: 'critical',
      expr: `sum by (${byFleet}) (rate(${ended}[5m])) / sum by (${byFleet}) (rate(${accepted}[5m])) > 0.05`,
      for: '5m',
      summary: 'Jobs fail',
      description: `{{ $value | humanizePercentage }} of the jobs of ${fleet} end without a translation.`,
    }),
    alertRule('LinguaJobsWaitLong', {
      severity: 'warning',
      expr:
        `histogram_quantile(0.95, sum by (${byFleet}, le)` +
        ` (rate(${series('scheduler_job_duration_seconds_bucket', 'stage="dispatched"')}[5m]))) > 2.5`,
      for: '5m',
      summary: 'Jobs wait long for a node',
      description: `One job in twenty of ${fleet} waits {{ $value | humanizeDuration }} or longer until a node has it.`,
    }),
    alertRule('LinguaOverloaded', {
      severity: 'warning',
      expr: `sum by (${byInstance}) (rate(${series('scheduler_overload_refused_total')}[5m])) > 0`,
      for: '5m',
      summary: 'An instance refuses utterances because it has too much to do',
      description: `${instance} refuses {{ $value | humanize }} utterances a second. Clients are told when to try again.`,
    }),
    alertRule('LinguaRedisSlow', {
      severity: 'warning',
      expr:
        `histogram_quantile(0.5, sum by (${byInstance}, le)` +
        ` (rate(${series('scheduler_redis_op_duration_seconds_bucket', 'op="exists"')}[5m]))) > ${String(guide.redisRoundTripMaxMs / 1000)}`,
      for: '10m',
      summary: 'Redis is far away or busy',
      description: `A round trip of ${instance} to Redis takes {{ $value | humanizeDuration }}; the guide asks for under 10 ms.`,
    }),
  ];
}
