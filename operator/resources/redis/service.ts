/** The name of an embedded Redis. Headless: there is one pod behind it, and while that is not ready the name leads nowhere. */
import { redisPort } from '../../../common/workload.ts';
import { redisSelectorLabels } from '../../api/labels.ts';
import { redisName } from '../../api/names.ts';
import { embeddedRedis } from '../../api/redis.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { Service } from '../../kube/resources.ts';
import { ownedMetadata } from '../metadata.ts';

export function redisService(cluster: SchedulerCluster): Service | undefined {
  if (!embeddedRedis(cluster)) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMetadata(cluster, redisName(cluster), 'redis'),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      selector: redisSelectorLabels(cluster),
      ports: [{ name: 'redis', port: redisPort, targetPort: 'redis', protocol: 'TCP' }],
    },
  };
}
