/**
 * Every owned object of three clusters, compared with what is checked in. A difference in the pod template restarts every
 * fleet when the operator is updated, so it must be meant: `GOLDEN=write` accepts it.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { stringify } from 'yaml';
import { sampleCluster, type Wish } from '../../test/operator/sample.ts';
import { adminSecret } from './admin-secret.ts';
import { clientService } from './client-service.ts';
import { configMap } from './config-map.ts';
import { headlessService } from './headless-service.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
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
};

const samples: Record<string, Wish> = { demo: {}, single: { replicas: 1 }, everything };

for (const [name, wish] of Object.entries(samples)) {
  it(`the objects of the sample '${name}' are as checked in`, async () => {
    const cluster = sampleCluster(wish, { name });
    const ordinals = Array.from({ length: cluster.spec.replicas }, (_, ordinal) => ordinal);
    const objects = [
      adminSecret(cluster, 'a-token'),
      serviceAccount(cluster),
      configMap(cluster, ordinals),
      headlessService(cluster),
      clientService(cluster),
      podDisruptionBudget(cluster),
      statefulSet(cluster, { replicas: cluster.spec.replicas, partition: cluster.spec.replicas }),
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
