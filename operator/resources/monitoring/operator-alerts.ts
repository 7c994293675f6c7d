/** Alerts on the operator, and on what it says of fleets. */
import { managedBy } from '../../api/labels.ts';
import { alertRule, type RuleGroup } from './rule.ts';

export const operatorJob = managedBy;

const cluster = '{{ $labels.namespace }}/{{ $labels.name }}';

export const operatorAlerts: readonly RuleGroup[] = [
  {
    name: 'lingua-operator',
    rules: [
      alertRule('LinguaOperatorAbsent', {
        severity: 'warning',
        expr: `absent(leader_election_master_status{name="${managedBy}"} == 1)`,
        for: '5m',
        summary: 'No operator acts',
        description: 'Fleets go on as they are; nothing is scaled, rolled or healed until an operator leads.',
      }),
      alertRule('LinguaReconcileFailing', {
        severity: 'warning',
        expr:
          'sum by (controller) (rate(controller_runtime_reconcile_errors_total{controller="schedulercluster"}[10m]))' +
          ' / sum by (controller) (rate(controller_runtime_reconcile_total{controller="schedulercluster"}[10m])) > 0.2',
        for: '10m',
        summary: 'The operator cannot do its work',
        description: '{{ $value | humanizePercentage }} of the looks at SchedulerClusters fail.',
      }),
      alertRule('LinguaOperatorStale', {
        severity: 'warning',
        expr: 'max by (pod, kind) (kube_reflector_age_seconds) > 300',
        for: '5m',
        summary: 'The operator hears nothing from the API server',
        description:
          'The last news of {{ $labels.kind }} at {{ $labels.pod }} is {{ $value | humanizeDuration }} old.',
      }),
    ],
  },
  {
    name: 'lingua-clusters',
    rules: [
      alertRule('LinguaClusterNotReady', {
        severity: 'critical',
        expr: 'max by (namespace, name) (lingua_cluster_ready) == 0',
        for: '15m',
        summary: 'A SchedulerCluster is not ready',
        description: `${cluster} has not been as it is asked to be for 15 minutes; condition Ready says why.`,
      }),
      alertRule('LinguaClusterDegraded', {
        severity: 'warning',
        expr: 'max by (namespace, name) (lingua_cluster_condition{type="Degraded"}) == 1',
        for: '5m',
        summary: 'Something in a SchedulerCluster fails',
        description: `Condition Degraded of ${cluster} says what.`,
      }),
      alertRule('LinguaInstancesMissing', {
        severity: 'warning',
        expr:
          'max by (namespace, name) (lingua_cluster_replicas{state="ready"})' +
          ' < max by (namespace, name) (lingua_cluster_replicas{state="wanted"})',
        for: '10m',
        summary: 'A fleet has fewer instances than it should',
        description: `Only {{ $value }} instances of ${cluster} are ready.`,
      }),
    ],
  },
];
