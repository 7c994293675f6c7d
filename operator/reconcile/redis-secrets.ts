/**
 * Looks whether the Secrets for Redis have the keys that the spec names. Each is read by its name; nothing of what is in it is
 * kept. A missing one stops nothing here: pods that run have their files, and new ones wait for the Secret by themselves.
 */
import { toAppError } from '../../common/errors.ts';
import { embeddedRedis, redisAccess } from '../api/redis.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import { secrets } from '../kube/resources.ts';
import type { Pass } from './pass.ts';

interface Wanted {
  readonly name: string;
  readonly keys: readonly string[];
}

export async function checkRedisSecrets(pass: Pass): Promise<void> {
  const faults: string[] = [];
  for (const wanted of wantedBy(pass.cluster)) faults.push(...(await faultsOf(pass, wanted)));
  pass.seen = { ...pass.seen, secretFaults: faults };
}

/** Of the user; the operator's own is made before. */
function wantedBy(cluster: SchedulerCluster): Wanted[] {
  if (embeddedRedis(cluster)) return [];
  const { auth, authorities } = redisAccess(cluster);
  return [auth, authorities].flatMap((secret) =>
    secret ? [{ name: secret.secretName, keys: Object.keys(secret.files) }] : [],
  );
}

async function faultsOf({ cluster, deps }: Pass, { name, keys }: Wanted): Promise<string[]> {
  const { namespace = '' } = cluster.metadata;
  try {
    const secret = await deps.kube.get(secrets, { namespace, name });
    if (!secret) return [`Secret ${name} does not exist`];
    return keys.filter((key) => !secret.data?.[key]).map((key) => `Secret ${name} has nothing under ${key}`);
  } catch (error) {
    if (toAppError(error).code === 'forbidden') return [`the operator may not read Secret ${name}`];
    throw error;
  }
}
