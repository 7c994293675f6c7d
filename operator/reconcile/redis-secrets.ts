/**
 * Looks whether the Secrets for Redis have the keys that the spec names, and whether the instances log in with what they say. Each
 * is read by its name; of what is in it nothing is kept but a digest under the key of the admin token. A missing one stops nothing here: pods that run have their files, and new ones wait for the Secret by themselves.
 */
import { toAppError } from '../../common/errors.ts';
import { credentialsDigest } from '../../common/credentials-digest.ts';
import { mounts } from '../../common/workload.ts';
import { embeddedRedis, redisAccess, type SecretFiles } from '../api/redis.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import { secrets } from '../kube/resources.ts';
import { goBeside, type Pass } from './pass.ts';

export function checkRedisSecrets(pass: Pass): Promise<void> {
  const wanted = wantedBy(pass.cluster);
  if (wanted.length > 0) goBeside(pass, lookBeside(pass, wanted));
  return Promise.resolve();
}

async function lookBeside(pass: Pass, wanted: readonly SecretFiles[]): Promise<() => void> {
  const contents = new Map<string, string>();
  const faults = (await Promise.all(wanted.map((each) => look(pass, each, contents)))).flat();
  return () => {
    const isWhole = faults.length === 0 && contents.size > 0 && pass.adminToken !== '';
    pass.seen = {
      ...pass.seen,
      secretFaults: faults,
      credentialsDigest: isWhole ? credentialsDigest(pass.adminToken, inOrder(contents)) : undefined,
    };
  };
}

/** Of the user; the operator's own is made before. */
function wantedBy(cluster: SchedulerCluster): SecretFiles[] {
  if (embeddedRedis(cluster)) return [];
  const { auth, authorities } = redisAccess(cluster);
  return [auth, authorities].filter((secret) => secret !== undefined);
}

/** What is wrong with one Secret; what is in it goes into `contents`, by the path that it has in the pod. */
async function look(
  { cluster, deps }: Pass,
  { secretName: name, files }: SecretFiles,
  contents: Map<string, string>,
): Promise<string[]> {
  const { namespace = '' } = cluster.metadata;
  try {
    const secret = await deps.kube.get(secrets, { namespace, name });
    if (!secret) return [`Secret ${name} does not exist`];
    for (const [key, path] of Object.entries(files)) contents.set(path, secret.data?.[key] ?? '');
    const missing = Object.keys(files).filter((key) => !secret.data?.[key]);
    return missing.map((key) => `Secret ${name} has nothing under ${key}`);
  } catch (error) {
    if (toAppError(error).code === 'forbidden') return [`the operator may not read Secret ${name}`];
    throw error;
  }
}

const inOrder = (contents: ReadonlyMap<string, string>): (Buffer | undefined)[] =>
  [mounts.redisUsernameFile, mounts.redisPasswordFile, mounts.redisCaFile].map((path) => {
    const content = contents.get(path);
    return content === undefined ? undefined : Buffer.from(content, 'base64');
  });
