/** What Redis can do to an inbox, and that its reader comes back from each by itself. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { capacity, claimLease, deadLettersOf, numbersOf, startReading, until } from './harness.ts';
import { again, redisFixture } from './redis-fixture.ts';
import { storeOptions, type RedisHarness } from './redis-harness.ts';

const redis = redisFixture();

describe('the inbox reader', () => {
  const standstill = { commandTimeoutMs: 1000 };
  /** Each harms Redis while the reader waits, and wants it to read on. */
  const harms: Record<string, (harness: RedisHarness) => Promise<unknown>> = {
    'its connection was killed': () => redis.killConnections(),
    'the group was destroyed': ({ keys }) => redis.raw.xgroup('DESTROY', keys.inbox('sched-b'), 'scheduler'),
    'the stream was deleted': ({ keys }) => redis.raw.del(keys.inbox('sched-b')),
    'the stream was replaced by something else for a while': async ({ keys, advance }) => {
      const inbox = keys.inbox('sched-b');
      await redis.raw.multi().del(inbox).set(inbox, 'not a stream').exec();
      await advance(60);
      await redis.raw.del(inbox);
    },
    'all data was flushed': () => redis.raw.flushall(),
    'Redis started anew and empty': () => redis.server.restart({ keepData: false }),
    'Redis stood still for a while': async ({ advance }) => {
      redis.server.pause();
      await advance(standstill.commandTimeoutMs + 300);
      redis.server.resume();
    },
  };
  for (const [what, harm] of Object.entries(harms)) {
    it(`reads on after ${what}`, () =>
      redis.withRedis(async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        const reading = startReading(harness, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
        await until(harness, 'the first', () => numbersOf(reading.entries).includes('n-1'));
        await harm(harness);
        await again(harness, () => claimLease(store, 'sched-b'));
        await again(harness, () => store.inbox.send('sched-b', [capacity('n-2')]));
        await until(harness, 'the second', () => numbersOf(reading.entries).includes('n-2'));
        await reading.stop();
      }, standstill));
  }

  it('counts a lost group, and gets what was sent while there was none', () =>
    redis.withRedis(async (harness, observed) => {
      const { store, keys } = harness;
      await claimLease(store, 'sched-b');
      const reading = startReading(harness, 'sched-b');
      await until(harness, 'the group', async () => (await redis.raw.exists(keys.inbox('sched-b'))) === 1);
      const killed = redis.raw
        .multi()
        .del(keys.inbox('sched-b'))
        .xadd(keys.inbox('sched-b'), '*', 'payload', '[]');
      await killed.xadd(keys.inbox('sched-b'), '*', 'payload', JSON.stringify([capacity('n-1')])).exec();
      await until(harness, 'the hint', () => numbersOf(reading.entries).includes('n-1'));
      assert.ok(observed.some(({ op }) => op === 'inbox_group_lost'));
      await reading.stop();
    }));

  it('gets at once what Redis delivered on a connection that died', () =>
    redis.withRedis(
      async (harness) => {
        const { store, keys } = harness;
        await claimLease(store, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
        await redis.raw.xgroup('CREATE', keys.inbox('sched-b'), 'scheduler', '0');
        const reading = startReading(harness, 'sched-b');
        await until(harness, 'the first', () => reading.entries.length === 1);
        // An answer that never arrived: delivered to this consumer, seen by nobody.
        await store.inbox.send('sched-b', [capacity('n-0')]);
        await redis.raw.xadd(keys.inbox('sched-b'), '*', 'payload', JSON.stringify([capacity('n-2')]));
        await redis.raw.call(
          'XREADGROUP',
          'GROUP',
          'scheduler',
          'sched-b',
          'STREAMS',
          keys.inbox('sched-b'),
          '>',
        );
        await redis.killConnections();
        await until(harness, 'the second', () => numbersOf(reading.entries).includes('n-2'));
        await reading.stop();
      },
      { reclaimIdleMs: 60_000 },
    ));

  it('does not yield what is in hand again only because a connection died', () =>
    redis.withRedis(
      async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
        const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
        await until(harness, 'the first', () => reading.entries.length === 1);
        await redis.killConnections();
        await again(harness, () => store.inbox.send('sched-b', [capacity('n-2')]));
        await until(harness, 'the second', () => numbersOf(reading.entries).includes('n-2'));
        assert.deepEqual(numbersOf(reading.entries), ['n-1', 'n-2']);
        await reading.stop();
      },
      { reclaimIdleMs: 60_000 },
    ));

  it('moves a poison entry to the dead letters in a Redis that is full', () =>
    redis.withRedis(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await harness.inject('sched-b', 'not json');
      await redis.raw.call('XGROUP', 'CREATE', harness.keys.inbox('sched-b'), 'scheduler', '0');
      await redis.raw.config('SET', 'maxmemory', '1');
      try {
        const reading = startReading(harness, 'sched-b');
        await until(
          harness,
          'the dead letter',
          async () => (await store.inbox.stats('sched-b')).dlqLength === 1,
        );
        await reading.stop();
      } finally {
        await redis.raw.config('SET', 'maxmemory', '0');
      }
      assert.equal((await store.inbox.stats('sched-b')).length, 0);
    }));

  it('keeps about as many dead letters as asked for', () =>
    redis.withRedis(
      async (harness) => {
        for (let i = 0; i < 300; i++) await harness.inject('sched-b', `not json ${String(i)}`);
        const reading = startReading(harness, 'sched-b');
        await until(
          harness,
          'an empty inbox',
          async () => (await harness.store.inbox.stats('sched-b')).length === 0,
        );
        const kept = await deadLettersOf(harness.store, 'sched-b');
        assert.ok(kept.length < 250, String(kept.length));
        assert.equal(kept.at(-1)?.payload, 'not json 299');
        await reading.stop();
      },
      { dlq: { ...storeOptions({ mode: 'single', url: '' }).dlq, maxLength: 10 } },
    ));
});
