/**
 * Every owned object of three clusters, compared with what is checked in. A difference in the pod template restarts every
 * fleet when the operator is updated, so it must be meant: `GOLDEN=write` accepts it.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { stringify } from 'yaml';
import { sampleCluster, type Wish } from '../../test/operator/sample.ts';
import { embeddedRedis } from '../api/redis.ts';
import { adminSecret } from './admin-secret.ts';
import { clientService } from './client-service.ts';
import { configMap } from './config-map.ts';
import { headlessService } from './headless-service.ts';
import { ingress } from './ingress.ts';
import { networkPolicy } from './network-policy.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { redisNetworkPolicy } from './redis/network-policy.ts';
import { redisSecret } from './redis/secret.ts';
import { redisService } from './redis/service.ts';
import { redisStatefulSet } from './redis/stateful-set.ts';
import { serviceAccount } from './service-account.ts';
import { statefulSet } from './stateful-set.ts';

const everything: Wish = {
  replicas: 3,
  imagePullPolicy: 'Always',
  imagePullSecrets: [{ name: 'registry' }],
  redis: {
    mode: 'cluster',
    clusterUrls: ['rediss://a:7000', 'rediss://b:7001'],
    keyPrefix: 'lingua-staging',
    authSecretRef: { name: 'redis-user', usernameKey: 'user' },
    tls: { caSecretRef: { name: 'redis-ca' } },
  },
  config: {
    scheduler: {
      resultHoldSeconds: 5,
      nodeGraceSeconds: 4,
      jobTimeout: { pendingTimeoutSeconds: 20 },
      loadBalancer: {},
      nodeHealth: { failureThreshold: { windowSize: 10 } },
      modelNotAvailable: {},
      coreServices: { asrServiceId: 'whisper' },
      phase2: { streamMaxlen: 500 },
    },
    limits: { maxSessions: 50 },
  },
  drain: { timeoutSeconds: 120 },
  rollout: { canary: { replicas: 2, soakSeconds: 600, promotion: 'Manual', limits: { dlqLength: 5 } } },
  service: {
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    annotations: { 'cloud.example/lb': 'internal' },
  },
  resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { cpu: 2, memory: '2048Mi' } },
  nodeSelector: { zone: 'a' },
  tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
  podLabels: { team: 'speech' },
  podAnnotations: { note: 'hello' },
  priorityClassName: 'high',
  env: [{ name: 'LOG_LEVEL', value: 'debug' }],
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { team: 'noisy' } } },
      ],
    },
  },
  topologySpreadConstraints: [
    { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
  ],
  ingress: {
    host: 'scheduler.example.com',
    className: 'nginx',
    tlsSecretName: 'scheduler-tls',
    expose: 'All',
    annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '600' },
  },
  networkPolicy: {
    clientsFrom: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    monitoringFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } }, podSelector: {} }],
    redisTo: [{ ipBlock: { cidr: '10.1.0.0/16', except: ['10.1.2.0/24'] } }],
    redisPorts: [7002],
  },
  disruptionBudget: { maxUnavailable: 2 },
};

const embedded: Wish = {
  redis: {
    keyPrefix: 'lingua',
    embedded: {
      image: 'registry.example/redis:8',
      resources: { limits: { memory: '2Gi' } },
      storage: { size: '4096Mi', storageClassName: 'fast', whenDeleted: 'Delete' },
    },
  },
  networkPolicy: {},
  nodeSelector: { zone: 'a' },
  imagePullSecrets: [{ name: 'registry' }],
};

const samples: Record<string, Wish> = {
  demo: {},
  single: { replicas: 1 },
  everything,
  embedded,
  quickstart: { redis: undefined },
};

for (const [name, wish] of Object.entries(samples)) {
  it(`the objects of the sample '${name}' are as checked in`, async () => {
    const cluster = sampleCluster(wish, { name });
    const ordinals = Array.from({ length: cluster.spec.replicas }, (_, ordinal) => ordinal);
    const objects = [
      adminSecret(cluster, 'a-token'),
      serviceAccount(cluster),
      ...(embeddedRedis(cluster)
        ? [
            redisSecret(cluster, 'a-password'),
            redisNetworkPolicy(cluster),
            redisService(cluster),
            redisStatefulSet(cluster, 'uid-of-the-secret'),
          ]
        : []),
      configMap(cluster, ordinals),
      headlessService(cluster),
      clientService(cluster),
      networkPolicy(cluster),
      podDisruptionBudget(cluster),
      statefulSet(cluster, { replicas: cluster.spec.replicas, partition: cluster.spec.replicas }),
      ingress(cluster),
    ];
    const source = objects
      .filter((object) => object !== undefined)
      .map((object) => stringify(object, { aliasDuplicateObjects: false }))
      .join('---\n');
    const file = new URL(`golden/${name}.yaml`, import.meta.url);
    if (process.env['GOLDEN'] === 'write') await writeFile(file, source);
    assert.equal(source, await readFile(file, 'utf8'));
  });
}
