/**
 * The Redis that the operator runs for a fleet. When the fleet gets one of its user instead, StatefulSet and Service go; the
 * Secret stays until the cluster goes, because the operator removes no Secrets.
 */
import { redisName } from '../api/names.ts';
import { embeddedRedis } from '../api/redis.ts';
import { networkPolicies, services, statefulSets } from '../kube/resources.ts';
import { redisNetworkPolicy } from '../resources/redis/network-policy.ts';
import { redisSecret } from '../resources/redis/secret.ts';
import { redisService } from '../resources/redis/service.ts';
import { redisStatefulSet } from '../resources/redis/stateful-set.ts';
import { keep } from './act.ts';
import type { Pass } from './pass.ts';
import { ownSecret } from './own-secret.ts';

export async function keepEmbeddedRedis(pass: Pass): Promise<void> {
  const { cluster } = pass;
  const name = redisName(cluster);
  const secretUid = await providePassword(pass);
  await keep(pass, networkPolicies, name, redisNetworkPolicy(cluster));
  await keep(pass, services, name, redisService(cluster));
  await keep(pass, statefulSets, name, redisStatefulSet(cluster, secretUid));
}

/** The uid of the Secret; none where the fleet has another Redis. */
async function providePassword(pass: Pass): Promise<string> {
  const { cluster, deps } = pass;
  if (!embeddedRedis(cluster)) return '';
  const secret = await ownSecret(pass, redisName(cluster), () => redisSecret(cluster, deps.random.id()));
  return secret?.metadata.uid ?? '';
}
