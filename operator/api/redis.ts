/**
 * The Redis of a fleet, whoever runs it: its addresses and the Secrets that open it. A spec that names no address gets a Redis
 * of the operator's making. What the spec leaves open of that is said here and never changes: it is part of a pod template.
 */
import { mounts, redisPort } from '../../common/workload.ts';
import { redisName } from './names.ts';
import type { SchedulerCluster, SchedulerClusterSpec } from './schedulercluster.gen.ts';

type RedisSpec = SchedulerClusterSpec['redis'];
type EmbeddedSpec = NonNullable<RedisSpec['embedded']>;

export interface EmbeddedRedis {
  readonly image: string;
  readonly resources: NonNullable<EmbeddedSpec['resources']>;
  readonly storage: EmbeddedSpec['storage'];
}

const defaults: Omit<EmbeddedRedis, 'storage'> = {
  image: 'redis:7.4-alpine',
  resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
};

/** Undefined when the fleet has a Redis of its user. */
export function embeddedRedis({ spec: { redis } }: SchedulerCluster): EmbeddedRedis | undefined {
  if (redis.url !== undefined || redis.clusterUrls !== undefined) return undefined;
  const { image = defaults.image, resources = defaults.resources, storage } = redis.embedded ?? {};
  return { image, resources, storage };
}

/** A Secret, and the file in the pod that each of its keys becomes. */
export interface SecretFiles {
  readonly secretName: string;
  /** Path in the pod by key of the Secret. */
  readonly files: Readonly<Record<string, string>>;
}

export interface RedisAccess {
  /** Addresses, without credentials: one for a single server. */
  readonly urls: readonly string[];
  /** User, if it has a name, and password. */
  readonly auth: SecretFiles | undefined;
  /** Authorities that the server's certificate is checked against. */
  readonly authorities: SecretFiles | undefined;
}

export function redisAccess(cluster: SchedulerCluster): RedisAccess {
  const { redis } = cluster.spec;
  if (embeddedRedis(cluster)) {
    const auth = { secretName: redisName(cluster), files: { [redisPasswordKey]: mounts.redisPasswordFile } };
    return { urls: [embeddedUrl(cluster)], auth, authorities: undefined };
  }
  return {
    urls: redis.url === undefined ? (redis.clusterUrls ?? []) : [redis.url],
    auth: authFiles(redis),
    authorities: authorityFiles(redis),
  };
}

/** Keys of the Secret that the operator makes for an embedded Redis: for the instances, and for the server. */
export const redisPasswordKey = 'password';
export const redisServerKey = 'redis.conf';

const embeddedUrl = (cluster: SchedulerCluster): string =>
  `redis://${redisName(cluster)}.${cluster.metadata.namespace ?? 'default'}.svc:${String(redisPort)}`;

function authFiles({ authSecretRef: auth }: RedisSpec): SecretFiles | undefined {
  if (!auth) return undefined;
  const user = auth.usernameKey === undefined ? {} : { [auth.usernameKey]: mounts.redisUsernameFile };
  return { secretName: auth.name, files: { ...user, [auth.passwordKey]: mounts.redisPasswordFile } };
}

function authorityFiles({ tls }: RedisSpec): SecretFiles | undefined {
  if (!tls) return undefined;
  return { secretName: tls.caSecretRef.name, files: { [tls.caSecretRef.key]: mounts.redisCaFile } };
}
