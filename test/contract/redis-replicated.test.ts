/** Commits that wait for a replica: they stand on it when they are answered, and are unavailable while none confirms. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import type { RedisStoreOptions } from '../../scheduler/store/redis/options.ts';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';
import { failure, jobOf, openSession, until } from './harness.ts';
import { again, type Observed } from './redis-fixture.ts';
import { commandTimeoutMs, redisHarness, storeOptions, type RedisHarness } from './redis-harness.ts';
import { storeContract } from './store.ts';

const syncAtOnce = ['--repl-diskless-sync-delay', '0'];
const finish = { sessionId: 's-1', jobId: 'job-1', attempt: 0, answer: failure('X'), keepMs: 60_000 };

let master: RedisServer;
let replica: RedisServer;
let raw: Redis;
let onReplica: Redis;

before(async () => {
  master = await startRedis({ args: syncAtOnce });
  replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  raw = connect(master.port);
  onReplica = connect(replica.port);
  await inSync();
});

after(async () => {
  raw.disconnect();
  onReplica.disconnect();
  await replica.stop();
  await master.stop();
});

/** The replica is connected and has all that was written. */
async function inSync(): Promise<void> {
  while (!(await onReplica.info('replication')).includes('master_link_status:up')) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  while ((await raw.wait(1, 1000)) < 1) await new Promise((resolve) => setTimeout(resolve, 10));
}

const observed: Observed[] = [];
const observe = (op: string, result: string) => void observed.push({ op, result });

function openHarness(changes: Partial<RedisStoreOptions> = {}): RedisHarness {
  const options = { durability: 'replicated', replicaTimeoutMs: 1000, observe, ...changes } as const;
  return redisHarness(raw, storeOptions({ mode: 'single', url: master.url }, options));
}

async function withStore(test: (harness: RedisHarness) => Promise<void>, changes = {}): Promise<void> {
  const harness = openHarness(changes);
  try {
    await test(harness);
  } finally {
    await harness.dispose();
  }
}

/** Stops the replica for the time of the test: its connection stays open and confirms nothing. */
async function frozen(test: () => Promise<void>): Promise<void> {
  replica.pause();
  try {
    await test();
  } finally {
    replica.resume();
    await inSync();
  }
}

const notReplicated = { code: 'unavailable', message: /not replicated/ };

storeContract(
  'a Redis whose commits wait for a replica',
  (inbox) => Promise.resolve(openHarness({ ...inbox, commandTimeoutMs, replicaTimeoutMs: 5000 })),
  false,
);

describe('replicated commits', () => {
  it('stand on the replica when they are answered', () =>
    withStore(async ({ store, keys }) => {
      await openSession(store, 's-1');
      const { job, outbox } = keys.ofJob('s-1', 'job-1');
      await store.jobs.accept(jobOf('s-1'));
      assert.equal(await onReplica.exists(job), 1);
      await store.jobs.finish(finish);
      assert.equal(await onReplica.xlen(outbox), 1);
    }));

  it('are unavailable while no replica confirms, and repeated become what they were', () =>
    withStore(async (harness) => {
      const { store, keys } = harness;
      await openSession(store, 's-1');
      await frozen(async () => {
        await assert.rejects(store.jobs.accept(jobOf('s-1', { requestId: 'r-1' })), notReplicated);
        assert.equal(await raw.exists(keys.ofJob('s-1', 'job-1').job), 1, 'it is recorded');
        await assert.rejects(store.jobs.accept(jobOf('s-1', { requestId: 'r-1' })), notReplicated);
      });
      const repeated = () => store.jobs.accept(jobOf('s-1', { requestId: 'r-1' }));
      assert.deepEqual(await again(harness, repeated), { kind: 'accepted' });
      const other = () => store.jobs.accept(jobOf('s-1', { jobId: 'job-2', requestId: 'r-1' }));
      const duplicate = { kind: 'duplicate', jobId: 'job-1', state: 'pending' };
      assert.deepEqual(await again(harness, other), duplicate);
      await frozen(async () => {
        await assert.rejects(store.jobs.finish(finish), notReplicated);
      });
      const done = { kind: 'done', seq: 1, owner: 'sched-a' };
      assert.deepEqual(await again(harness, () => store.jobs.finish(finish)), done);
      assert.equal((await store.sessions.readOutbox('s-1', 0, 10)).length, 1);
    }));

  it('are not confirmed by a repetition on a new connection, which has written nothing', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await frozen(async () => {
        await assert.rejects(store.jobs.accept(jobOf('s-1')), notReplicated);
        const fresh = openHarness({ keyPrefix: harness.keys.instances.split(':')[0]! });
        try {
          await assert.rejects(fresh.store.jobs.accept(jobOf('s-1')), notReplicated);
        } finally {
          await fresh.dispose();
        }
      });
      assert.deepEqual(await again(harness, () => store.jobs.accept(jobOf('s-1'))), { kind: 'accepted' });
    }));

  it('are not confirmed by a new connection either when they are a known request, or an end', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { requestId: 'r-1' }));
      await frozen(async () => {
        await assert.rejects(store.jobs.finish(finish), notReplicated);
        for (const verb of ['finish', 'accept'] as const) {
          const fresh = openHarness({ keyPrefix: harness.keys.instances.split(':')[0]! });
          const repeated = jobOf('s-1', { jobId: 'job-2', requestId: 'r-1' });
          const { jobs } = fresh.store;
          try {
            await assert.rejects(
              verb === 'finish' ? jobs.finish(finish) : jobs.accept(repeated),
              notReplicated,
            );
          } finally {
            await fresh.dispose();
          }
        }
      });
    }));

  it('are as they were after a repetition: an open job for ever, a finished one and its request for a while', () =>
    withStore(async ({ store, keys }) => {
      await openSession(store, 's-1');
      const job = jobOf('s-1', { requestId: 'r-1', keepMs: 60_000 });
      const { job: key } = keys.ofJob('s-1', 'job-1');
      for (let i = 0; i < 2; i++) await store.jobs.accept(job);
      assert.equal(await raw.pttl(key), -1);
      for (let i = 0; i < 2; i++) await store.jobs.finish(finish);
      await store.jobs.accept(job);
      await store.jobs.accept({ ...job, jobId: 'job-2' });
      for (const ending of [key, keys.request('s-1', 'r-1')]) {
        const left = await raw.pttl(ending);
        assert.ok(left > 50_000 && left <= 60_000, String(left));
      }
    }));

  it('are not confirmed when their connection dies while they wait', () =>
    withStore(
      async (harness) => {
        const { store } = harness;
        await openSession(store, 's-1');
        await frozen(async () => {
          const accepting = assert.rejects(store.jobs.accept(jobOf('s-1')), notReplicated);
          await until(harness, 'the wait', async () => /cmd=wait/.test(String(await raw.client('LIST'))));
          await raw.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');
          await accepting;
        });
      },
      { replicaTimeoutMs: 2000 },
    ));

  it('share one wait, and those that come meanwhile share the next', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      observed.length = 0;
      const jobs = Array.from({ length: 200 }, (_, i) => jobOf('s-1', { jobId: `job-${String(i)}` }));
      const accepting = jobs.slice(0, 150).map((job) => store.jobs.accept(job));
      await new Promise((resolve) => setImmediate(resolve));
      const later = jobs.slice(150).map((job) => store.jobs.accept(job));
      await Promise.all([...accepting, ...later]);
      const waits = observed.filter(({ op }) => op === 'wait').length;
      assert.ok(waits >= 1 && waits <= 3, String(waits));
    }));

  it('refuse at once what Redis refuses, and are fenced as ever', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await raw.config('SET', 'maxmemory', '1');
      try {
        await assert.rejects(store.jobs.accept(jobOf('s-1')), {
          code: 'unavailable',
          message: /out of memory/,
        });
      } finally {
        await raw.config('SET', 'maxmemory', '0');
      }
      assert.deepEqual(await store.jobs.accept(jobOf('s-1', { sessionEpoch: 9 })), { kind: 'fenced' });
    }));
});

describe('replicated commits without a replica', () => {
  it('are unavailable, and other verbs go on', async () => {
    const alone = await startRedis();
    const options = { durability: 'replicated', replicaTimeoutMs: 50 } as const;
    const harness = redisHarness(raw, storeOptions({ mode: 'single', url: alone.url }, options));
    const { store } = harness;
    try {
      await openSession(store, 's-1');
      await assert.rejects(store.jobs.accept(jobOf('s-1')), notReplicated);
      assert.equal((await store.jobs.get({ sessionId: 's-1', jobId: 'job-1' }))?.state, 'pending');
    } finally {
      await harness.dispose();
      await alone.stop();
    }
  });
});
