/** What Redis can do to the store, and that the store comes back from each by itself. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Redis } from 'ioredis';
import { AppError } from '../../common/errors.ts';
import type { RedisStoreOptions } from '../../scheduler/store/redis/options.ts';
import { connect, startRedis, type RedisServer } from '../support/redis.ts';
import {
  capacity,
  claimLease,
  failure,
  jobOf,
  numbersOf,
  openSession,
  startReading,
  until,
  viewOf,
} from './harness.ts';
import { redisHarness, storeOptions, type RedisHarness } from './redis-harness.ts';

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

interface Observed {
  readonly op: string;
  readonly result: string;
}

/** Runs a test on a store that fails fast, and tells what was observed. */
async function withRedis(
  test: (harness: RedisHarness, observed: Observed[]) => Promise<void>,
  changes: Partial<RedisStoreOptions> = {},
): Promise<void> {
  const observed: Observed[] = [];
  const where = { mode: 'single', url: server.url } as const;
  const observe = (op: string, result: string) => void observed.push({ op, result });
  const harness = redisHarness(raw, storeOptions(where, { commandTimeoutMs: 1000, observe, ...changes }));
  try {
    await test(harness, observed);
  } finally {
    await harness.dispose();
  }
}

const finish = { sessionId: 's-1', jobId: 'job-1', attempt: 0, answer: failure('X'), keepMs: 60_000 };

/** A verb that fails now, repeated until it does not, as the verbs' callers do. */
async function again<T>(harness: RedisHarness, verb: () => Promise<T>): Promise<T> {
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

const killAllOthers = () => raw.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');

describe('the verbs', () => {
  it('go on when Redis forgot the scripts, also for many calls at once', () =>
    withRedis(async ({ store }) => {
      await openSession(store, 's-1');
      await raw.script('FLUSH');
      const jobs = Array.from({ length: 20 }, (_, i) => jobOf('s-1', { jobId: `job-${String(i)}` }));
      const answers = await Promise.all(jobs.map((job) => store.jobs.accept(job)));
      assert.ok(answers.every(({ kind }) => kind === 'accepted'));
    }));

  it('go on after their connections were killed', () =>
    withRedis(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      for (let i = 0; i < 3; i++) {
        await killAllOthers();
        const job = jobOf('s-1', { jobId: `job-${String(i)}` });
        assert.equal((await again(harness, () => store.jobs.accept(job))).kind, 'accepted');
      }
    }));

  it('leave one job and one answer however often a connection dies under them', () =>
    withRedis(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      const ids = Array.from({ length: 60 }, (_, i) => `job-${String(i)}`);
      const work = ids.map(async (jobId) => {
        await again(harness, () => store.jobs.accept(jobOf('s-1', { jobId, requestId: jobId })));
        return again(harness, () => store.jobs.finish({ ...finish, jobId }));
      });
      for (let i = 0; i < 5; i++) {
        await killAllOthers();
        await harness.advance(3);
      }
      const seqs = (await Promise.all(work)).map((answer) => (answer.kind === 'done' ? answer.seq : 0));
      assert.deepEqual(
        seqs.sort((a, b) => a - b),
        ids.map((_, i) => i + 1),
      );
      assert.equal((await store.sessions.readOutbox('s-1', 0, 100)).length, 60);
    }));

  it('say unavailable within the time-out when Redis stands still, and work when it goes on', () =>
    withRedis(
      async (harness) => {
        const { store } = harness;
        await openSession(store, 's-1');
        server.pause();
        try {
          const start = performance.now();
          await assert.rejects(store.jobs.accept(jobOf('s-1')), { code: 'unavailable' });
          const tookMs = performance.now() - start;
          assert.ok(tookMs < 1000, `took ${String(tookMs)} ms`);
        } finally {
          server.resume();
        }
        assert.equal((await again(harness, () => store.jobs.accept(jobOf('s-1')))).kind, 'accepted');
      },
      { commandTimeoutMs: 300 },
    ));

  it('do not happen later when they were told to be unavailable before they were sent', () =>
    withRedis(
      async (harness) => {
        const { store } = harness;
        const claim = { nodeId: 'node-1', instanceId: 'sched-a', connection: 'conn-1', ttlMs: 60_000 };
        await server.kill();
        await assert.rejects(store.nodes.claim(claim), { code: 'unavailable' });
        await server.restart({ keepData: false });
        await again(harness, () => store.ping());
        await harness.advance(50);
        const { previous } = await store.nodes.claim({
          ...claim,
          instanceId: 'sched-b',
          connection: 'conn-2',
        });
        assert.equal(previous, undefined);
      },
      { commandTimeoutMs: 200 },
    ));

  it('fail fast while Redis is away and come back with it', () =>
    withRedis(
      async (harness) => {
        const { store } = harness;
        assert.ok((await store.ping()) >= 0);
        await server.kill();
        const start = performance.now();
        const failures = await Promise.allSettled([
          store.ping(),
          store.jobs.accept(jobOf('s-1')),
          store.sessions.ownerOf('s-1'),
          store.inbox.send('sched-b', [capacity('n-1')]),
          store.nodes.all(),
        ]);
        assert.ok(performance.now() - start < 1000);
        for (const outcome of failures) {
          assert.equal(outcome.status === 'rejected' && (outcome.reason as AppError).code, 'unavailable');
        }
        await server.restart({ keepData: false });
        await again(harness, () => store.ping());
        assert.equal(await openSession(store, 's-1'), 1);
      },
      { commandTimeoutMs: 300 },
    ));

  it('work in a Redis that is full, but for those that would make it fuller', () =>
    withRedis(async ({ store, keys }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { audio: 'x'.repeat(5000), requestId: 'r-1' }));
      await store.jobs.accept(jobOf('s-1', { jobId: 'job-2' }), { nodeId: 'node-1', instanceId: 'sched-b' });
      const token = await claimLease(store, 'sched-a');
      const node = { nodeId: 'node-1', instanceId: 'sched-a', connection: 'conn-1' };
      await store.nodes.claim({ ...node, ttlMs: 1000 });
      await raw.config('SET', 'maxmemory', '1');
      try {
        const refused = jobOf('s-1', { jobId: 'job-3', requestId: 'r-3' });
        await assert.rejects(store.jobs.accept(refused), { code: 'unavailable', message: /out of memory/ });
        assert.equal(await store.jobs.get({ sessionId: 's-1', jobId: 'job-3' }), undefined);
        assert.equal(await raw.exists(keys.request('s-1', 'r-3')), 0);

        assert.equal((await store.jobs.finish(finish)).kind, 'done');
        assert.equal((await store.sessions.readOutbox('s-1', 0, 10)).length, 1);
        const moved = await store.jobs.requeue({
          sessionId: 's-1',
          jobId: 'job-2',
          attempt: 1,
          deadlineMs: 1000,
        });
        assert.equal(moved.kind, 'requeued');
        assert.equal(await store.instances.renew(token, 60_000), true);
        assert.deepEqual(await store.sessions.renew([{ sessionId: 's-1', epoch: 1 }], 'sched-a', 60_000), []);
        await raw.del(keys.nodeOwner('node-1'), keys.nodePresence('node-1'));
        assert.deepEqual(await store.nodes.renew([node], 'sched-a', { ownerMs: 1000, presenceMs: 1000 }), []);
        assert.equal(await raw.exists(keys.nodeOwner('node-1')), 1);
        assert.equal(
          (await store.sessions.takeOver({ sessionId: 's-1', owner: 'sched-b', ttlMs: 1000 })).kind,
          'taken',
        );
        await store.sessions.release({ sessionId: 's-1', epoch: 2, owner: 'sched-b', keepMs: 1000 });
        await store.instances.release(token);
      } finally {
        await raw.config('SET', 'maxmemory', '0');
      }
    }));

  it('say that the cursor is lost when the log was trimmed past it, or is gone', () =>
    withRedis(async ({ store, keys }) => {
      const save = (nodeId: string) =>
        store.nodes.save({ view: viewOf(nodeId), snapshot: '{}', presenceMs: 60_000, announce: true });
      await save('node-1');
      const { cursor } = await store.nodes.all();
      await save('node-2');
      assert.equal((await store.nodes.changes(cursor)).kind, 'changes');
      await raw.xtrim(keys.nodesChanges, 'MAXLEN', 1);
      assert.deepEqual(await store.nodes.changes(cursor), { kind: 'lost' });
      const newer = await store.nodes.all();
      await raw.del(keys.nodesChanges);
      assert.deepEqual(await store.nodes.changes(newer.cursor), { kind: 'lost' });
    }));
});

describe('the inbox reader', () => {
  /** Harms Redis while the reader waits, and wants it to read on. */
  const survives = (what: string, harm: (harness: RedisHarness) => Promise<unknown>) =>
    it(`reads on after ${what}`, () =>
      withRedis(async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        const reading = startReading(harness, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
        await until(harness, 'the first', () => numbersOf(reading.entries).includes('n-1'));
        await harm(harness);
        await again(harness, () =>
          store.instances.claim({ instanceId: 'sched-b', boot: 'boot-1', podUid: '' }, 60_000),
        );
        await again(harness, () => store.inbox.send('sched-b', [capacity('n-2')]));
        await until(harness, 'the second', () => numbersOf(reading.entries).includes('n-2'));
        await reading.stop();
      }));

  survives('its connection was killed', () => killAllOthers());
  survives('the group was destroyed', ({ keys }) =>
    raw.call('XGROUP', 'DESTROY', keys.inbox('sched-b'), 'scheduler'),
  );
  survives('the stream was deleted', ({ keys }) => raw.del(keys.inbox('sched-b')));
  survives('the stream was replaced by something else for a while', async (harness) => {
    const inbox = harness.keys.inbox('sched-b');
    await raw.del(inbox);
    await raw.set(inbox, 'not a stream');
    await harness.advance(60);
    await raw.del(inbox);
  });
  survives('all data was flushed', () => raw.flushall());
  survives('Redis started anew and empty', () => server.restart({ keepData: false }));
  survives('Redis stood still for a while', async (harness) => {
    server.pause();
    await harness.advance(1300);
    server.resume();
  });

  it('counts a lost group, and gets what was sent while there was none', () =>
    withRedis(async (harness, observed) => {
      const { store, keys } = harness;
      await claimLease(store, 'sched-b');
      const reading = startReading(harness, 'sched-b');
      await until(harness, 'the group', async () => (await raw.exists(keys.inbox('sched-b'))) === 1);
      const killed = raw.multi().del(keys.inbox('sched-b')).xadd(keys.inbox('sched-b'), '*', 'payload', '[]');
      await killed.xadd(keys.inbox('sched-b'), '*', 'payload', JSON.stringify([capacity('n-1')])).exec();
      await until(harness, 'the hint', () => numbersOf(reading.entries).includes('n-1'));
      assert.ok(observed.some(({ op }) => op === 'inbox_group_lost'));
      await reading.stop();
    }));

  it('gets at once what Redis delivered on a connection that died', () =>
    withRedis(
      async (harness) => {
        const { store, keys } = harness;
        await claimLease(store, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
        await raw.xgroup('CREATE', keys.inbox('sched-b'), 'scheduler', '0');
        const reading = startReading(harness, 'sched-b');
        await until(harness, 'the first', () => reading.entries.length === 1);
        // An answer that never arrived: delivered to this consumer, seen by nobody.
        await store.inbox.send('sched-b', [capacity('n-0')]);
        await raw.xadd(keys.inbox('sched-b'), '*', 'payload', JSON.stringify([capacity('n-2')]));
        await raw.call('XREADGROUP', 'GROUP', 'scheduler', 'sched-b', 'STREAMS', keys.inbox('sched-b'), '>');
        await killAllOthers();
        await until(harness, 'the second', () => numbersOf(reading.entries).includes('n-2'));
        await reading.stop();
      },
      { reclaimIdleMs: 60_000 },
    ));

  it('does not yield what is in hand again only because a connection died', () =>
    withRedis(
      async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
        const reading = startReading(harness, 'sched-b', { acknowledge: false });
        await until(harness, 'the first', () => reading.entries.length === 1);
        await killAllOthers();
        await again(harness, () => store.inbox.send('sched-b', [capacity('n-2')]));
        await until(harness, 'the second', () => numbersOf(reading.entries).includes('n-2'));
        assert.deepEqual(numbersOf(reading.entries), ['n-1', 'n-2']);
        await reading.stop();
      },
      { reclaimIdleMs: 60_000 },
    ));

  it('moves a poison entry to the dead letters in a Redis that is full', () =>
    withRedis(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await harness.inject('sched-b', 'not json');
      await raw.call('XGROUP', 'CREATE', harness.keys.inbox('sched-b'), 'scheduler', '0');
      await raw.config('SET', 'maxmemory', '1');
      try {
        const reading = startReading(harness, 'sched-b');
        await until(
          harness,
          'the dead letter',
          async () => (await store.inbox.stats('sched-b')).dlqLength === 1,
        );
        await reading.stop();
      } finally {
        await raw.config('SET', 'maxmemory', '0');
      }
      assert.equal((await store.inbox.stats('sched-b')).length, 0);
    }));

  it('keeps about as many dead letters as asked for', () =>
    withRedis(
      async (harness) => {
        for (let i = 0; i < 300; i++) await harness.inject('sched-b', `not json ${String(i)}`);
        const reading = startReading(harness, 'sched-b');
        await until(
          harness,
          'an empty inbox',
          async () => (await harness.store.inbox.stats('sched-b')).length === 0,
        );
        const kept = await harness.deadLetters('sched-b');
        assert.ok(kept.length < 250, String(kept.length));
        assert.equal(kept.at(-1)?.payload, 'not json 299');
        await reading.stop();
      },
      { dlq: { ...storeOptions({ mode: 'single', url: '' }).dlq, maxLength: 10 } },
    ));
});

describe('what is said of a failure', () => {
  it('never holds the credentials', async () => {
    const guarded = await startRedis({ args: ['--requirepass', 'right-secret'] });
    const lines: string[] = [];
    const { pino } = await import('pino');
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const url = `redis://user:wrong-secret@127.0.0.1:${String(guarded.port)}`;
    const options = storeOptions({ mode: 'single', url }, { commandTimeoutMs: 200, log });
    const harness = redisHarness(raw, options);
    try {
      const failed = await openSession(harness.store, 's-1').catch((error: unknown) => error);
      assert.ok(failed instanceof AppError && failed.code === 'unavailable');
      const said = JSON.stringify([
        failed,
        failed.message,
        failed.facts,
        failed.stack,
        String(failed.cause),
        lines,
      ]);
      assert.doesNotMatch(said, /wrong-secret/);
      assert.match(lines.join(''), /WRONGPASS|credentials/);
    } finally {
      await harness.dispose();
      await guarded.stop();
    }
  });

  it('refuses an address that is none, without quoting it', () => {
    for (const url of [
      'redis://user:secret@',
      'http://user:secret@host',
      'secret',
      'redis://host:1/secret',
    ]) {
      const options = storeOptions({ mode: 'single', url });
      assert.throws(
        () => redisHarness(raw, options),
        (error: unknown) => {
          assert.ok(error instanceof AppError && error.code === 'config');
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    }
  });

  it('tells the log when it connects and when a hint goes to another instance', async () => {
    const lines: string[] = [];
    const { pino } = await import('pino');
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    await withRedis(
      async ({ store }) => {
        await claimLease(store, 'sched-b');
        await store.inbox.send('sched-b', [capacity('n-1')]);
      },
      { log },
    );
    assert.match(lines.join(''), /Redis connected/);
    assert.match(lines.join(''), /Enqueued to instance inbox/);
  });
});
