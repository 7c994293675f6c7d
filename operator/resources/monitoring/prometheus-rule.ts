/** The alerts of one fleet, the guide's five among them. */
import { monitorName } from '../../api/names.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { PrometheusRule } from '../../kube/resources.ts';
import { ownedMetadata } from '../metadata.ts';
import { fleetAlerts } from './fleet-alerts.ts';
import { withRunbookUrls } from './rule.ts';
import { clusterLabel } from './scrape.ts';

/** @param runbookUrl see `withRunbookUrls` */
export function prometheusRule(cluster: SchedulerCluster, runbookUrl?: string): PrometheusRule | undefined {
  const wish = cluster.spec.monitoring;
  if (!wish || wish.prometheusRule === 'Never') return undefined;
  const { name, namespace = 'default' } = cluster.metadata;
  const metadata = ownedMetadata(cluster, monitorName(cluster), 'monitoring');
  const alerts = fleetAlerts(`namespace="${namespace}"`, `${clusterLabel}="${name}"`);
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { ...metadata, labels: { ...wish.labels, ...metadata.labels } },
    spec: { groups: withRunbookUrls(alerts, runbookUrl) },
  };
}
