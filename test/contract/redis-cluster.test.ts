import { after, before } from 'node:test';
import { Cluster } from 'ioredis';
import { startRedisCluster, type RedisCluster } from '../support/redis.ts';
import { redisFactory } from './redis-harness.ts';
import { storeContract } from './store.ts';

let cluster: RedisCluster;
let raw: Cluster;

before(async () => {
  cluster = await startRedisCluster();
  raw = new Cluster([...cluster.urls]);
});

after(async () => {
  raw.disconnect();
  await cluster.stop();
});

storeContract(
  'a Redis cluster',
  redisFactory(
    () => raw,
    () => ({ mode: 'cluster', url: '', clusterUrls: cluster.urls }),
  ),
);
