/**
 * Lets a node drain take one instance at a time. At one replica or none there is no budget: it could only block the
 * drain for ever. A broken pod may always be evicted.
 */
import { selectorLabels } from '../api/labels.ts';
import { disruptionBudgetName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { PodDisruptionBudget } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

export function podDisruptionBudget(cluster: SchedulerCluster): PodDisruptionBudget | undefined {
  const { replicas, disruptionBudget } = cluster.spec;
  if (replicas <= 1 || disruptionBudget.mode === 'Never') return undefined;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: ownedMetadata(cluster, disruptionBudgetName(cluster), 'scheduler'),
    spec: {
      maxUnavailable: disruptionBudget.maxUnavailable,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(cluster) },
    },
  };
}
