/**
 * The instances. Parallel from the first day: it cannot be changed later, and the ordered policy never gets past a broken
 * pod, not even when the change that broke it is taken back.
 */
import { selectorLabels } from '../api/labels.ts';
import { headlessServiceName, statefulSetName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { StatefulSet } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';
import { podTemplate } from './pod-template.ts';

/** @param replicas how many may run now, which is not always how many are wanted */
export function statefulSet(cluster: SchedulerCluster, replicas: number): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: ownedMetadata(cluster, statefulSetName(cluster), 'scheduler'),
    spec: {
      replicas,
      serviceName: headlessServiceName(cluster),
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorLabels(cluster) },
      template: podTemplate(cluster),
    },
  };
}
