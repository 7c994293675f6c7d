/** Gives each pod a stable DNS name, ready or not: an instance that drains is still asked for by its peers. */
import { ports } from '../../common/workload.ts';
import { selectorLabels } from '../api/labels.ts';
import { headlessServiceName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Service } from '../kube/resources.ts';
import { ownedMetadata } from './metadata.ts';

export function headlessService(cluster: SchedulerCluster): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMetadata(cluster, headlessServiceName(cluster), 'network'),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: selectorLabels(cluster),
      ports: [
        { name: 'http', port: ports.http, targetPort: 'http', protocol: 'TCP' },
        { name: 'admin', port: ports.admin, targetPort: 'admin', protocol: 'TCP' },
      ],
    },
  };
}
