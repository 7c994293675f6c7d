/** Where sessions and nodes connect: only ready instances, and never the admin port. */
import { ports } from '../../common/workload.ts';
import { selectorLabels } from '../api/labels.ts';
import { serviceName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Service } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

export function clientService(cluster: SchedulerCluster): Service {
  const { type, sessionAffinity, annotations } = cluster.spec.service;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...ownedMetadata(cluster, serviceName(cluster), 'network'),
      ...(annotations ? { annotations } : {}),
    },
    spec: {
      type,
      sessionAffinity,
      selector: selectorLabels(cluster),
      ports: [{ name: 'http', port: ports.http, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}
