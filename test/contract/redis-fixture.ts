/** A Redis server for one test file, and stores on it that wait less for an answer, for tests of what goes wrong. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type { Redis } from 'ioredis';
import type { AppError } from '../../common/errors.ts';
import type { RedisStoreOptions } from '../../scheduler/store/redis/options.ts';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';
import { abandonReadings, until } from './harness.ts';
import { redisHarness, storeOptions, type RedisHarness } from './redis-harness.ts';

export interface Observed {
  readonly op: string;
  readonly result: string;
}

/** Filled before the first test of the file runs. */
export interface RedisFixture {
  server: RedisServer;
  raw: Redis;
  /** Runs a test on a store of its own, and tells what the store's `observe` was told. */
  withRedis(
    test: (harness: RedisHarness, observed: Observed[]) => Promise<void>,
    changes?: Partial<RedisStoreOptions>,
  ): Promise<void>;
  /** Kills every connection to the server but `raw`. */
  killConnections(): Promise<unknown>;
}

export function redisFixture(): RedisFixture {
  const fixture = {
    async withRedis(test, changes = {}) {
      const observed: Observed[] = [];
      const where = { mode: 'single', url: fixture.server.url } as const;
      const observe = (op: string, result: string) => void observed.push({ op, result });
      const options = storeOptions(where, { commandTimeoutMs: 3000, observe, ...changes });
      const harness = redisHarness(fixture.raw, options);
      try {
        await test(harness, observed);
      } finally {
        abandonReadings();
        await harness.dispose();
      }
    },
    killConnections: () => fixture.raw.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES'),
  } as RedisFixture;

  before(async () => {
    fixture.server = await startRedis();
    fixture.raw = connect(fixture.server.port);
  });
  after(async () => {
    fixture.raw.disconnect();
    await fixture.server.stop();
  });
  return fixture;
}

/** A verb that fails now, repeated until it does not, as the verbs' callers do. */
export async function again<T>(harness: RedisHarness, verb: () => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await until(harness, 'an answer', async () => {
    answer = await verb().then(
      (value) => ({ value }),
      (error: unknown) => {
        assert.equal((error as AppError).code, 'unavailable');
        return undefined;
      },
    );
    return answer !== undefined;
  });
  assert.ok(answer);
  return answer.value;
}
