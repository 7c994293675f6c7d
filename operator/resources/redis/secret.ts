/** The password of an embedded Redis, for the instances and as the line that the server reads. Created once, never changed. */
import { redisName } from '../../api/names.ts';
import { redisPasswordKey, redisServerKey } from '../../api/redis.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { Secret } from '../../kube/resources.ts';
import { ownedMetadata } from '../metadata.ts';

/** @param password random; letters, digits and `-` only, so that it is one word in the server's file */
export function redisSecret(cluster: SchedulerCluster, password: string): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMetadata(cluster, redisName(cluster), 'redis'),
    type: 'Opaque',
    data: { [redisPasswordKey]: btoa(password), [redisServerKey]: btoa(`requirepass ${password}\n`) },
  };
}
