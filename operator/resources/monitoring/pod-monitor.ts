/** Tells a Prometheus of the Prometheus operator to read the instances. */
import { selectorLabels } from '../../api/labels.ts';
import { monitorName } from '../../api/names.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { PodMonitor } from '../../kube/resources.ts';
import { ownedMetadata } from '../metadata.ts';
import { jobLabel, podMetricsEndpoints } from './scrape.ts';

export function podMonitor(cluster: SchedulerCluster): PodMonitor | undefined {
  const wish = cluster.spec.monitoring;
  if (!wish || wish.podMonitor === 'Never') return undefined;
  const metadata = ownedMetadata(cluster, monitorName(cluster), 'monitoring');
  const interval = `${String(wish.scrapeIntervalSeconds)}s`;
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { ...metadata, labels: { ...wish.labels, ...metadata.labels } },
    spec: {
      jobLabel,
      selector: { matchLabels: selectorLabels(cluster) },
      podMetricsEndpoints: podMetricsEndpoints.map((endpoint) => ({ ...endpoint, interval })),
    },
  };
}
