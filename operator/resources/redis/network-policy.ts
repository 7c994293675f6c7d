/** Lets only the instances of its fleet reach an embedded Redis; where policies are not enforced, a password guards it. */
import { redisPort } from '../../../common/workload.ts';
import { redisSelectorLabels, selectorLabels } from '../../api/labels.ts';
import { redisName } from '../../api/names.ts';
import { embeddedRedis } from '../../api/redis.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { NetworkPolicy } from '../../kube/resources.ts';
import { ownedMetadata } from '../metadata.ts';

export function redisNetworkPolicy(cluster: SchedulerCluster): NetworkPolicy | undefined {
  if (!cluster.spec.networkPolicy || !embeddedRedis(cluster)) return undefined;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: ownedMetadata(cluster, redisName(cluster), 'redis'),
    spec: {
      podSelector: { matchLabels: redisSelectorLabels(cluster) },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: selectorLabels(cluster) } }],
          ports: [{ port: redisPort, protocol: 'TCP' }],
        },
      ],
    },
  };
}
