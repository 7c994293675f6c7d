/**
 * The instances. Parallel from the first day: it cannot be changed later, and the ordered policy never gets past a broken
 * pod, not even when the change that broke it is taken back.
 */
import { selectorLabels, templateHashAnnotation } from '../api/labels.ts';
import { headlessServiceName, statefulSetName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { StatefulSet } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';
import { podTemplate, templateHash } from './pod-template.ts';

export interface Pace {
  /** How many may run now, which is not always how many are wanted. */
  readonly replicas: number;
  /** Pods below this ordinal keep the former template. At rest no pod is above it: nobody but us begins an update. */
  readonly partition: number;
}

export function statefulSet(cluster: SchedulerCluster, { replicas, partition }: Pace): StatefulSet {
  const metadata = ownedMetadata(cluster, statefulSetName(cluster), 'scheduler');
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadata, annotations: { [templateHashAnnotation]: templateHash(cluster) } },
    spec: {
      replicas,
      serviceName: headlessServiceName(cluster),
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorLabels(cluster) },
      template: podTemplate(cluster),
    },
  };
}
