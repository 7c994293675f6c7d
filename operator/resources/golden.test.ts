/**
 * Every owned object of three clusters, compared with what is checked in. A difference in the pod template restarts every
 * fleet when the operator is updated, so it must be meant: `GOLDEN=write` accepts it.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { it } from 'node:test';
import { stringify } from 'yaml';
import { sampleCluster, type Wish } from '../../test/operator/sample.ts';
import { embedded, everything } from '../../test/operator/wishes.ts';
import { embeddedRedis } from '../api/redis.ts';
import { adminSecret } from './admin-secret.ts';
import { clientService } from './client-service.ts';
import { configMap } from './config-map.ts';
import { headlessService } from './headless-service.ts';
import { ingress } from './ingress.ts';
import { podMonitor } from './monitoring/pod-monitor.ts';
import { prometheusRule } from './monitoring/prometheus-rule.ts';
import { networkPolicy } from './network-policy.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';
import { redisNetworkPolicy } from './redis/network-policy.ts';
import { redisSecret } from './redis/secret.ts';
import { redisService } from './redis/service.ts';
import { redisStatefulSet } from './redis/stateful-set.ts';
import { serviceAccount } from './service-account.ts';
import { statefulSet } from './stateful-set.ts';

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
      podMonitor(cluster),
      prometheusRule(cluster),
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
