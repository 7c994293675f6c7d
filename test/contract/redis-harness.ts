/** The Redis store under test, each time under a key prefix of its own. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { openRedisStore } from '../../scheduler/store/redis/open.ts';
import { createKeys, type Keys } from '../../scheduler/store/redis/keys.ts';
import type { RedisStoreOptions } from '../../scheduler/store/redis/options.ts';
import { guideScaled, type Factory, type Harness } from './harness.ts';

/** Where it is no matter of the test: a thousand commands at once are answered in time on a busy machine too. */
export const commandTimeoutMs = 20_000;

const quietLog = pino({ level: 'silent' });

export type Where = Pick<RedisStoreOptions, 'mode' | 'url' | 'clusterUrls'>;

export function storeOptions(where: Where, changes: Partial<RedisStoreOptions> = {}): RedisStoreOptions {
  return {
    ...where,
    ...guideScaled,
    keyPrefix: `test-${randomBytes(6).toString('hex')}`,
    group: 'scheduler',
    blockMs: 20,
    clock: systemClock,
    random: systemRandom,
    log: quietLog,
    ...changes,
  };
}

/** Plain commands on the server under test, as a person with `redis-cli` types them. */
export type Raw = Pick<Redis, 'xadd'>;

export interface RedisHarness extends Harness {
  readonly keys: Keys;
}

export function redisHarness(raw: Raw, options: RedisStoreOptions): RedisHarness {
  const store = openRedisStore(options);
  const keys = createKeys(options.keyPrefix);
  return {
    store,
    keys,
    advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async inject(instanceId, payload) {
      await raw.xadd(keys.inbox(instanceId), '*', 'payload', payload);
    },
    dispose: () => store.close(),
  };
}

export function redisFactory(raw: () => Raw, where: () => Where): Factory {
  return (inbox) =>
    Promise.resolve(redisHarness(raw(), storeOptions(where(), { ...inbox, commandTimeoutMs })));
}
