import { after, before } from 'node:test';
import type { Redis } from 'ioredis';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';
import { redisFactory } from './redis-harness.ts';
import { storeContract } from './store.ts';

let server: RedisServer;
let raw: Redis;

before(async () => {
  server = await startRedis();
  raw = connect(server.port);
});

after(async () => {
  raw.disconnect();
  await server.stop();
});

storeContract(
  'a single Redis',
  redisFactory(
    () => raw,
    () => ({ mode: 'single', url: server.url }),
  ),
);
