/** The file that the operator writes is one that the scheduler reads, with the values that the spec says. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mounts } from '../../common/workload.ts';
import { renderToml } from '../../operator/resources/toml.ts';
import { parseConfig } from '../../scheduler/config/load.ts';
import { sampleCluster, type Wish } from './sample.ts';

const read = (wish: Wish = {}) => parseConfig(renderToml(sampleCluster(wish), 'demo-0'), 'demo-0.toml');

it("the least spec gives the guide's configuration, and sets nothing that has no effect", () => {
  const { config, ineffective } = read();
  assert.deepEqual(ineffective, []);
  assert.equal(config.scheduler.phase2.instance_id, 'demo-0');
  assert.equal(config.scheduler.phase2.redis.url, 'redis://127.0.0.1:6379');
  assert.equal(config.scheduler.phase2.redis.key_prefix, 'lingua-prod');
  assert.equal(config.scheduler.drain_timeout_seconds, 30);
});

it('every section that may be set is accepted', () => {
  const { config, ineffective } = read({
    drain: { timeoutSeconds: 0 },
    redis: { mode: 'cluster', clusterUrls: ['rediss://a:1', 'redis://[::1]:2'], keyPrefix: 'a:b' },
    config: {
      scheduler: {
        resultHoldSeconds: 3,
        nodeGraceSeconds: 0,
        jobTimeout: {},
        loadBalancer: {},
        nodeHealth: { failureThreshold: {} },
        modelNotAvailable: {},
        coreServices: {},
        phase2: { dlqEnabled: false, nodeSnapshot: { removeStaleAfterSeconds: 0 } },
      },
      limits: { maxSessions: 1, maxNodes: 2, maxPayloadBytes: 2048 },
    },
  });
  assert.deepEqual(ineffective, []);
  assert.equal(config.limits.max_sessions, 1);
  assert.equal(config.scheduler.phase2.redis.cluster_urls.length, 2);
  assert.equal(config.scheduler.result_hold_seconds, 3);
});

it('the files of the Redis Secrets are named where the pod has them', () => {
  const { config } = read({
    redis: {
      mode: 'single',
      url: 'rediss://a:1',
      keyPrefix: 'p',
      authSecretRef: { name: 'user', usernameKey: 'name' },
      tls: { caSecretRef: { name: 'ca' } },
    },
  });
  const { redis } = config.scheduler.phase2;
  assert.equal(redis.username_file, mounts.redisUsernameFile);
  assert.equal(redis.password_file, mounts.redisPasswordFile);
  assert.equal(redis.tls_ca_file, mounts.redisCaFile);
});

it('a default of the definition is the default of the scheduler', () => {
  const empty = parseConfig('', 'empty.toml').config;
  const { config } = read({
    config: {
      scheduler: {
        jobTimeout: {},
        loadBalancer: {},
        nodeHealth: { failureThreshold: {} },
        modelNotAvailable: {},
        coreServices: {},
      },
    },
  });
  const withoutIdentity = ({ scheduler }: typeof config) => ({
    ...scheduler,
    phase2: { ...scheduler.phase2, instance_id: '', redis: {} },
  });
  assert.deepEqual(withoutIdentity(config), withoutIdentity(empty));
});
