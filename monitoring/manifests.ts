/**
 * What the Prometheus operator reads, for every fleet and for the operator itself: manifests/monitoring. A fleet may ask its
 * operator for objects of its own instead; both are made of the same rules and endpoints.
 */
import { stringify } from 'yaml';
import { managedBy, operatorLabels } from '../operator/api/labels.ts';
import { schedulerJob } from '../operator/resources/monitoring/fleet-alerts.ts';
import { jobLabel, podMetricsEndpoints } from '../operator/resources/monitoring/scrape.ts';
import type { RuleGroup } from '../operator/resources/monitoring/rule.ts';

const apiVersion = 'monitoring.coreos.com/v1';

/** The operator tells of fleets by `namespace` and `name`, which are theirs; a scrape would put its own namespace there. */
const operatorEndpoints = [{ port: 'http', path: '/metrics', interval: '15s', honorLabels: true }];

const podMonitors = [
  {
    apiVersion,
    kind: 'PodMonitor',
    metadata: { name: schedulerJob },
    spec: {
      jobLabel,
      namespaceSelector: { any: true },
      selector: { matchLabels: { [jobLabel]: schedulerJob } },
      podMetricsEndpoints,
    },
  },
  {
    apiVersion,
    kind: 'PodMonitor',
    metadata: { name: managedBy },
    spec: { jobLabel, selector: { matchLabels: operatorLabels }, podMetricsEndpoints: operatorEndpoints },
  },
];

const head = '# Made by `make generate` from operator/resources/monitoring.\n';
const yaml = (object: unknown): string => stringify(object, { lineWidth: 0 });

export const podMonitorsFile = (): string => head + podMonitors.map(yaml).join('---\n');

export const prometheusRuleFile = (groups: readonly RuleGroup[]): string =>
  head + yaml({ apiVersion, kind: 'PrometheusRule', metadata: { name: 'lingua' }, spec: { groups } });
