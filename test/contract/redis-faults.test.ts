/** What Redis can do to the verbs, and that they come back from each by themselves. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { AppError } from '../../common/errors.ts';
import { startRedis } from '../support/redis.ts';
import {
  capacity,
  claimLease,
  failure,
  jobOf,
  openSession,
  startReading,
  takeOver,
  until,
  viewOf,
} from './harness.ts';
import { again, redisFixture } from './redis-fixture.ts';
import { redisHarness, storeOptions } from './redis-harness.ts';

const redis = redisFixture();

const presence = {
  instance_id: 'sched-a',
  started_at: 1,
  hostname: 'host',
  pid: 7,
  version: '0.1.0',
  state: 'serving',
} as const;

const finish = { sessionId: 's-1', jobId: 'job-1', attempt: 0, answer: failure('X'), keepMs: 60_000 };

describe('the verbs', () => {
  it('go on when Redis forgot the scripts, also for many calls at once', () =>
    redis.withRedis(async ({ store }) => {
      await openSession(store, 's-1');
      await redis.raw.script('FLUSH');
      const jobs = Array.from({ length: 20 }, (_, i) => jobOf('s-1', { jobId: `job-${String(i)}` }));
      const answers = await Promise.all(jobs.map((job) => store.jobs.accept(job)));
      assert.ok(answers.every(({ kind }) => kind === 'accepted'));
    }));

  it('go on after their connections were killed', () =>
    redis.withRedis(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      for (let i = 0; i < 3; i++) {
        await redis.killConnections();
        const job = jobOf('s-1', { jobId: `job-${String(i)}` });
        assert.equal((await again(harness, () => store.jobs.accept(job))).kind, 'accepted');
      }
    }));

  it('leave one job and one answer however often a connection dies under them', () =>
    redis.withRedis(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      const ids = Array.from({ length: 60 }, (_, i) => `job-${String(i)}`);
      const work = ids.map(async (jobId) => {
        await again(harness, () => store.jobs.accept(jobOf('s-1', { jobId, requestId: jobId })));
        return again(harness, () => store.jobs.finish({ ...finish, jobId }));
      });
      for (let i = 0; i < 5; i++) {
        await redis.killConnections();
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
    redis.withRedis(
      async (harness) => {
        const { store } = harness;
        await openSession(store, 's-1');
        redis.server.pause();
        try {
          const start = performance.now();
          await assert.rejects(store.jobs.accept(jobOf('s-1')), { code: 'unavailable' });
          const tookMs = performance.now() - start;
          assert.ok(tookMs < 4500, `took ${String(tookMs)} ms`);
        } finally {
          redis.server.resume();
        }
        assert.equal((await again(harness, () => store.jobs.accept(jobOf('s-1')))).kind, 'accepted');
      },
      { commandTimeoutMs: 2000 },
    ));

  it('do not happen later when they were told to be unavailable before they were sent', () =>
    redis.withRedis(
      async (harness) => {
        const { store } = harness;
        const claim = { nodeId: 'node-1', instanceId: 'sched-a', connection: 'conn-1', ttlMs: 60_000 };
        await redis.server.kill();
        await assert.rejects(store.nodes.claim(claim), { code: 'unavailable' });
        await redis.server.restart({ keepData: false });
        await again(harness, () => store.ping());
        await harness.advance(50);
        const { previous } = await store.nodes.claim({
          ...claim,
          instanceId: 'sched-b',
          connection: 'conn-2',
        });
        assert.equal(previous, undefined);
      },
      { commandTimeoutMs: 2000 },
    ));

  it('fail fast while Redis is away and come back with it', () =>
    redis.withRedis(
      async (harness) => {
        const { store } = harness;
        assert.ok((await store.ping()) >= 0);
        await redis.server.kill();
        const start = performance.now();
        const failures = await Promise.allSettled([
          store.ping(),
          store.jobs.accept(jobOf('s-1')),
          store.sessions.ownerOf('s-1'),
          store.inbox.send('sched-b', [capacity('n-1')]),
          store.nodes.all(),
        ]);
        assert.ok(performance.now() - start < 4500);
        for (const outcome of failures) {
          assert.equal(outcome.status === 'rejected' && (outcome.reason as AppError).code, 'unavailable');
        }
        await redis.server.restart({ keepData: false });
        await again(harness, () => store.ping());
        assert.equal(await openSession(store, 's-1'), 1);
      },
      { commandTimeoutMs: 2000 },
    ));

  it('work in a Redis that is full, but for those that would make it fuller', () =>
    redis.withRedis(async ({ store, keys }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { audio: 'x'.repeat(5000), requestId: 'r-1' }));
      await store.jobs.accept(jobOf('s-1', { jobId: 'job-2' }), { nodeId: 'node-1', instanceId: 'sched-b' });
      const token = await claimLease(store, 'sched-a');
      const node = { nodeId: 'node-1', instanceId: 'sched-a', connection: 'conn-1' };
      await store.nodes.claim({ ...node, ttlMs: 60_000 });
      await redis.raw.config('SET', 'maxmemory', '1');
      try {
        const refused = jobOf('s-1', { jobId: 'job-3', requestId: 'r-3' });
        await assert.rejects(store.jobs.accept(refused), { code: 'unavailable', message: /out of memory/ });
        assert.equal(await store.jobs.get({ sessionId: 's-1', jobId: 'job-3' }), undefined);
        assert.equal(await redis.raw.exists(keys.request('s-1', 'r-3')), 0);

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
        await store.instances.announce(presence, 60_000);
        assert.deepEqual(await store.sessions.renew([{ sessionId: 's-1', epoch: 1 }], 'sched-a', 60_000), []);
        await redis.raw.del(keys.nodeOwner('node-1'), keys.nodePresence('node-1'));
        const ttl = { ownerMs: 60_000, presenceMs: 60_000 };
        assert.deepEqual(await store.nodes.renew([node], 'sched-a', ttl), []);
        assert.equal(await redis.raw.exists(keys.nodeOwner('node-1')), 1);
        assert.equal((await takeOver(store, 's-1', 'sched-b')).kind, 'taken');
        await store.sessions.release({ sessionId: 's-1', epoch: 2, owner: 'sched-b', keepMs: 1000 });
        await store.instances.release(token);
      } finally {
        await redis.raw.config('SET', 'maxmemory', '0');
      }
    }));

  it('travel together when they are asked for together', () =>
    redis.withRedis(async ({ store }, observed) => {
      const sessions = Array.from({ length: 200 }, (_, i) => `s-${String(i)}`);
      await Promise.all(sessions.map((sessionId) => openSession(store, sessionId)));
      await Promise.all(sessions.map((sessionId) => store.jobs.accept(jobOf(sessionId))));
      await Promise.all(sessions.map((sessionId) => store.jobs.finish({ ...finish, sessionId })));
      await Promise.all(sessions.map((sessionId) => store.sessions.trimOutbox(sessionId, 1)));
      const calls = (op: string) => observed.filter((one) => one.op === op).length;
      assert.deepEqual([calls('accept'), calls('finish'), calls('outbox_trim')], [4, 4, 4]);
    }));

  it('are in one call no more than about a million characters of large audio', () =>
    redis.withRedis(async ({ store }, observed) => {
      await openSession(store, 's-1');
      const jobs = Array.from({ length: 6 }, (_, i) =>
        jobOf('s-1', { jobId: `job-${String(i)}`, audio: 'x'.repeat(400_000) }),
      );
      await Promise.all(jobs.map((job) => store.jobs.accept(job)));
      assert.equal(observed.filter(({ op }) => op === 'accept').length, 3);
    }));

  it('do not fail with a job whose key holds something else', () =>
    redis.withRedis(async ({ store, keys }) => {
      await openSession(store, 's-1');
      await openSession(store, 's-2');
      await store.jobs.accept(jobOf('s-1'));
      await store.jobs.accept(jobOf('s-2'));
      await redis.raw.set(keys.outbox('s-1'), 'not a stream');
      const [broken, good] = await Promise.allSettled([
        store.jobs.finish(finish),
        store.jobs.finish({ ...finish, sessionId: 's-2' }),
      ]);
      assert.equal(broken.status === 'rejected' && (broken.reason as AppError).code, 'internal');
      assert.deepEqual(good.status === 'fulfilled' && good.value, { kind: 'done', seq: 1, owner: 'sched-a' });
    }));

  it('number answers upwards also when an outbox vanished under its session', () =>
    redis.withRedis(async ({ store, keys }) => {
      await openSession(store, 's-1');
      for (const jobId of ['job-1', 'job-2', 'job-3']) await store.jobs.accept(jobOf('s-1', { jobId }));
      await store.jobs.finish(finish);
      await redis.raw.del(keys.outbox('s-1'));
      const seqs: number[] = [];
      for (const jobId of ['job-2', 'job-3']) {
        const done = await store.jobs.finish({ ...finish, jobId });
        if (done.kind === 'done') seqs.push(done.seq);
      }
      assert.equal(seqs.length, 2);
      assert.ok(seqs[0]! > 1 && seqs[1] === seqs[0]! + 1, String(seqs));
      assert.equal((await store.sessions.readOutbox('s-1', 1, 10)).length, 2);
      assert.ok((await redis.raw.pttl(keys.outbox('s-1'))) > 0);
    }));

  it('leave nothing of a session and its job that has no end', () =>
    redis.withRedis(async ({ store, keys }) => {
      await openSession(store, 's-1');
      const audio = 'x'.repeat(20_000);
      await store.jobs.accept(jobOf('s-1', { audio, requestId: 'r-1' }));
      assert.equal(await redis.raw.exists(keys.ofJob('s-1', 'job-1').audio), 1);
      await store.jobs.finish(finish);
      for (const key of await redis.raw.keys(`${keys.session('s-1').split('{')[0]!}*`)) {
        if (key.endsWith(':due')) continue;
        assert.ok((await redis.raw.pttl(key)) > 0, key);
      }
      assert.equal(await redis.raw.exists(keys.ofJob('s-1', 'job-1').audio), 0);
      assert.equal(await redis.raw.exists(keys.ofJob('s-1', 'job-1').due), 0);
    }));

  it('leave the owner key of a later owner alone, whose take-over was written first', () =>
    redis.withRedis(async ({ store, keys }) => {
      await redis.raw.set(keys.sessionOwner('s-1'), 'sched-b|5');
      await openSession(store, 's-1');
      assert.equal(await store.sessions.ownerOf('s-1'), 'sched-b');
    }));

  it('say that the cursor is lost when the log was trimmed past it, or is gone', () =>
    redis.withRedis(async ({ store, keys }) => {
      const save = (nodeId: string) =>
        store.nodes.save({ view: viewOf(nodeId), snapshot: '{}', presenceMs: 60_000, announce: true });
      await save('node-1');
      const { cursor } = await store.nodes.all();
      await save('node-2');
      assert.equal((await store.nodes.changes(cursor)).kind, 'changes');
      await redis.raw.xtrim(keys.nodesChanges, 'MAXLEN', 1);
      assert.deepEqual(await store.nodes.changes(cursor), { kind: 'lost' });
      const newer = await store.nodes.all();
      await redis.raw.del(keys.nodesChanges);
      assert.deepEqual(await store.nodes.changes(newer.cursor), { kind: 'lost' });
    }));
});

describe('the store', () => {
  it('says when Redis is there again, each time, and not when it first was', () =>
    redis.withRedis(async (harness) => {
      const { store } = harness;
      let told = 0;
      store.onReconnect(() => (told += 1));
      await store.ping();
      assert.equal(told, 0);
      for (const times of [1, 2]) {
        await redis.killConnections();
        await until(harness, 'the news', () => told >= times);
        await again(harness, () => store.ping());
      }
    }));

  it('says so too when Redis forgot an inbox under its reader', () =>
    redis.withRedis(async (harness) => {
      const { store } = harness;
      let told = 0;
      store.onReconnect(() => (told += 1));
      await claimLease(store, 'sched-b');
      const reading = startReading(harness, 'sched-b');
      await store.inbox.send('sched-b', [capacity('n-1')]);
      await until(harness, 'the first', () => reading.entries.length === 1);
      await redis.raw.flushall();
      await until(harness, 'the news', () => told === 1);
      await reading.stop();
    }));

  it('tells the facts of its server', () =>
    redis.withRedis(async ({ store }) => {
      await redis.raw.config('SET', 'maxmemory', '100mb');
      const facts = await store.examine();
      await redis.raw.config('SET', 'maxmemory', '0');
      assert.deepEqual([facts.kind, facts.mode, facts.servers.length], ['redis', 'single', 1]);
      const [server] = facts.servers;
      assert.equal(server?.address, `127.0.0.1:${String(redis.server.port)}`);
      assert.match(server.version ?? '', /^\d+\.\d+/);
      assert.match(server.flavour ?? '', /^(redis|valkey)$/);
      assert.equal(server.clusterEnabled, false);
      assert.equal(server.maxmemoryBytes, 104_857_600);
      assert.ok((server.usedMemoryBytes ?? 0) > 0);
      assert.equal(server.maxmemoryPolicy, 'noeviction');
      assert.equal(server.appendOnly, false);
      assert.equal(server.persistenceFailing, false);
      assert.equal(server.connectedReplicas, 0);
      assert.ok(Math.abs(server.clockMs - server.ourClockMs) < 10_000);
    }));

  it('tells what it may know where INFO is forbidden', () =>
    redis.withRedis(async ({ store }) => {
      await redis.raw.call('ACL', 'SETUSER', 'default', '-info');
      const facts = await store.examine();
      await redis.raw.call('ACL', 'SETUSER', 'default', '+info');
      assert.equal(facts.servers[0]?.version, undefined);
      assert.equal(facts.servers[0]?.maxmemoryBytes, undefined);
      assert.ok((facts.servers[0]?.clockMs ?? 0) > 0);
    }));
});

describe('what is said of a failure', () => {
  it('never holds the credentials', async () => {
    const guarded = await startRedis({ args: ['--requirepass', 'right-secret'] });
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const url = `redis://user:wrong-secret@127.0.0.1:${String(guarded.port)}`;
    const options = storeOptions({ mode: 'single', url }, { commandTimeoutMs: 3000, log });
    const harness = redisHarness(redis.raw, options);
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
        () => redisHarness(redis.raw, options),
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
    const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
    await redis.withRedis(
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
