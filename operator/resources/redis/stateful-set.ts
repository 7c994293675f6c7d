/**
 * One Redis server for development. Everything but the password is in its arguments, so that a change of any of it, and nothing
 * else, starts it anew; the password is in a file that only it and the instances have.
 */
import { redisPort } from '../../../common/workload.ts';
import { redisSecretAnnotation, redisSelectorLabels } from '../../api/labels.ts';
import { redisName, serviceAccountName } from '../../api/names.ts';
import { embeddedRedis, redisPasswordKey, redisServerKey, type EmbeddedRedis } from '../../api/redis.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import type { PodTemplate, StatefulSet } from '../../kube/resources.ts';
import { ownedMetadata } from '../metadata.ts';
import { directoryOf, placement, resources, restricted, secretVolume } from '../pod-template.ts';
import { bytesOf, canonicalQuantity } from '../../schema/quantity.ts';

type PodSpec = NonNullable<PodTemplate['spec']>;
type Container = PodSpec['containers'][number];
type Claim = NonNullable<NonNullable<StatefulSet['spec']>['volumeClaimTemplates']>[number];

const serverFile = '/etc/lingua/redis-server/redis.conf';
const passwordFile = '/etc/lingua/redis-server/password';
const dataDirectory = '/data';
const dataVolume = 'data';

/** @param secretUid of the Secret with the password: another Secret is another password, which the server reads when it starts */
export function redisStatefulSet(cluster: SchedulerCluster, secretUid: string): StatefulSet | undefined {
  const redis = embeddedRedis(cluster);
  if (!redis) return undefined;
  const { storage } = redis;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: ownedMetadata(cluster, redisName(cluster), 'redis'),
    spec: {
      replicas: 1,
      serviceName: redisName(cluster),
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 3,
      selector: { matchLabels: redisSelectorLabels(cluster) },
      template: template(cluster, redis, secretUid),
      ...(storage
        ? {
            volumeClaimTemplates: [claim(storage)],
            persistentVolumeClaimRetentionPolicy: { whenDeleted: storage.whenDeleted, whenScaled: 'Retain' },
          }
        : {}),
    },
  };
}

function template(cluster: SchedulerCluster, redis: EmbeddedRedis, secretUid: string): PodTemplate {
  const files = { [redisPasswordKey]: passwordFile, [redisServerKey]: serverFile };
  return {
    metadata: {
      labels: redisSelectorLabels(cluster),
      annotations: { [redisSecretAnnotation]: secretUid },
    },
    spec: {
      serviceAccountName: serviceAccountName(cluster),
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 30,
      securityContext: restricted.pod,
      containers: [container(redis)],
      volumes: [
        secretVolume('auth', redisName(cluster), files),
        ...(redis.storage ? [] : [{ name: dataVolume, emptyDir: {} }]),
      ],
      ...placement(cluster.spec),
    },
  };
}

function container(redis: EmbeddedRedis): Container {
  return {
    name: 'redis',
    image: redis.image,
    imagePullPolicy: 'IfNotPresent',
    args: ['redis-server', ...serverArguments(redis)],
    ports: [{ name: 'redis', containerPort: redisPort, protocol: 'TCP' }],
    env: [{ name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } }],
    resources: resources(redis.resources),
    startupProbe: {
      tcpSocket: { port: 'redis' },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 120,
    },
    livenessProbe: {
      tcpSocket: { port: 'redis' },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    // A server that still reads its file accepts connections and refuses commands.
    readinessProbe: { exec: { command: ['sh', '-c', ping] }, periodSeconds: 2, timeoutSeconds: 3 },
    securityContext: restricted.container,
    volumeMounts: [
      { name: 'auth', mountPath: directoryOf(serverFile), readOnly: true },
      { name: dataVolume, mountPath: dataDirectory },
    ],
  };
}

const ping = `REDISCLI_AUTH="$(cat ${passwordFile})" redis-cli -h "$POD_IP" -p ${String(redisPort)} ping | grep -q PONG`;

/** What is told to be lost is worse than what is refused: a full Redis refuses writes. */
function serverArguments({ resources: { limits } }: EmbeddedRedis): string[] {
  return [
    ...['--include', serverFile],
    // As the pod's address, which the probe asks too.
    ...['--bind', '$(POD_IP)'],
    ...['--port', String(redisPort)],
    ...['--dir', dataDirectory],
    ...['--appendonly', 'yes'],
    ...['--appendfsync', 'everysec'],
    ...['--save', ''],
    ...['--maxmemory', String(dataBytes(limits?.memory))],
    ...['--maxmemory-policy', 'noeviction'],
  ];
}

/** Half of the limit; the rest is for the copy that a rewrite of the file makes. 0 is no limit. */
const dataBytes = (limit: number | string | undefined): number =>
  Math.floor((limit === undefined ? 0 : (bytesOf(limit) ?? 0)) / 2);

const claim = ({ size, storageClassName }: NonNullable<EmbeddedRedis['storage']>): Claim => ({
  metadata: { name: dataVolume },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: canonicalQuantity(size) } },
    ...(storageClassName === undefined ? {} : { storageClassName }),
  },
});
