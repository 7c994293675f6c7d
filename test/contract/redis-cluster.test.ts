import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cluster } from 'ioredis';
import type { AppError } from '../../common/errors.ts';
import { crc16, partitionOf } from '../../scheduler/store/partition.ts';
import {
  connect,
  startRedis,
  startRedisCluster,
  type RedisCluster,
  type RedisServer,
} from '../support/redis.ts';
import { capacity, claimLease, jobOf, numbersOf, openSession, startReading, until } from './harness.ts';
import { again } from './redis-fixture.ts';
import { redisFactory, redisHarness, storeOptions } from './redis-harness.ts';
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
  false,
);

describe('on a Redis cluster', () => {
  const openHarness = () =>
    redisHarness(
      raw,
      storeOptions({ mode: 'cluster', url: '', clusterUrls: cluster.urls }, { commandTimeoutMs: 5000 }),
    );

  it('verbs and reader go on after all connections were killed', async () => {
    const harness = openHarness();
    const { store } = harness;
    await openSession(store, 's-1');
    await claimLease(store, 'sched-b');
    const reading = startReading(harness, 'sched-b');
    for (let i = 0; i < 3; i++) {
      for (const node of raw.nodes('master')) {
        await node.call('CLIENT', 'KILL', 'TYPE', 'NORMAL', 'SKIPME', 'YES');
      }
      const job = jobOf('s-1', { jobId: `job-${String(i)}` });
      assert.equal((await again(harness, () => store.jobs.accept(job))).kind, 'accepted');
      const id = `n-${String(i)}`;
      await again(harness, () => store.inbox.send('sched-b', [capacity(id)]));
      await until(harness, id, () => numbersOf(reading.entries).includes(id));
    }
    await reading.stop();
    await harness.dispose();
  });

  it('waits for the replica of the master that has the slot, and knows when that has none', async () => {
    const options = { durability: 'replicated', replicaTimeoutMs: 2000 } as const;
    const where = { mode: 'cluster', url: '', clusterUrls: cluster.urls } as const;
    const harness = redisHarness(raw, storeOptions(where, options));
    const { store } = harness;
    const replica = await replicaOf(cluster.ports[0]!);
    try {
      const outcomes = new Map<number, Set<string>>();
      const sessionIds = Array.from({ length: 30 }, (_, i) => `s-${String(i)}`);
      for (const sessionId of sessionIds) await openSession(store, sessionId);
      // All at once, so that those without a replica share the time they wait for one.
      const accepting = sessionIds.map(async (sessionId) => {
        const outcome = await store.jobs.accept(jobOf(sessionId)).then(
          ({ kind }) => kind,
          (error: unknown) => (error as AppError).message,
        );
        const master = await masterOf(crc16(partitionOf(sessionId)) % 16_384);
        outcomes.set(master, (outcomes.get(master) ?? new Set()).add(outcome));
      });
      await Promise.all(accepting);
      const expected = (master: number) => (master === 0 ? /^accepted$/ : /^not replicated/);
      assert.equal(outcomes.size, 3);
      for (const [master, told] of outcomes) {
        assert.equal(told.size, 1);
        assert.match([...told].join(), expected(master));
      }
    } finally {
      await harness.dispose();
      await replica.stop();
    }
  });

  it('leaves nothing behind when it is closed while it connects', async () => {
    const left = (kind: string) => process.getActiveResourcesInfo().filter((one) => one === kind).length;
    const before = left('TCPSocketWrap');
    for (let i = 0; i < 60; i++) {
      const harness = openHarness();
      await harness.advance(i / 4);
      await harness.dispose();
    }
    const harness = openHarness();
    await harness.dispose();
    await until(harness, 'the end of their sockets', () => left('TCPSocketWrap') <= before);
    // A client that came to life again would look after its slots for ever.
    await until(harness, 'the end of their timers', () => left('Timeout') < 5);
  });

  it('is talked to with the password of a file, also after it changed', async () => {
    const password = path.join(mkdtempSync(path.join(tmpdir(), 'lingua-secret-')), 'password');
    const masters = cluster.ports.map(connect);
    const setPassword = async (secret: string) => {
      writeFileSync(password, secret);
      for (const master of masters) await master.call('ACL', 'SETUSER', 'lingua', 'resetpass', `>${secret}`);
    };
    for (const master of masters) await master.call('ACL', 'SETUSER', 'lingua', 'on', '~*', '&*', '+@all');
    await setPassword('first');
    const urls = cluster.ports.map((port) => `redis://lingua@127.0.0.1:${String(port)}`);
    const where = { mode: 'cluster', url: '', clusterUrls: urls } as const;
    const options = storeOptions(where, { files: { password }, commandTimeoutMs: 3000 });
    const harness = redisHarness(raw, options);
    try {
      for (const id of ['s-1', 's-2', 's-3']) assert.equal(await openSession(harness.store, id), 1);
      await setPassword('second');
      for (const master of masters) await master.call('CLIENT', 'KILL', 'USER', 'lingua');
      for (const id of ['s-4', 's-5', 's-6']) {
        assert.equal(await again(harness, () => openSession(harness.store, id)), 1);
      }
    } finally {
      await harness.dispose();
      for (const master of masters) master.disconnect();
      rmSync(path.dirname(password), { recursive: true });
    }
  });

  it('examines every master', async () => {
    const harness = openHarness();
    const facts = await harness.store.examine();
    assert.deepEqual([facts.mode, facts.servers.length], ['cluster', 3]);
    assert.ok(facts.servers.every(({ clusterEnabled }) => clusterEnabled === true));
    assert.equal(new Set(facts.servers.map(({ address }) => address)).size, 3);
    await harness.dispose();
  });

  it('verbs and reader follow a slot to another master', async () => {
    const harness = openHarness();
    const { store, keys } = harness;
    await openSession(store, 's-1'); // the connections know the slots as they were
    await moveSlot(crc16('instance:moved-1') % 16_384);
    await again(harness, () => claimLease(store, 'moved-1'));
    const reading = startReading(harness, 'moved-1');
    const sent = [1, 2, 3].map((n) =>
      again(harness, () => store.inbox.send('moved-1', [capacity(`n-${String(n)}`)])),
    );
    await Promise.all(sent);
    await until(harness, 'all three', () => new Set(numbersOf(reading.entries)).size === 3);
    assert.equal(await raw.exists(keys.inbox('moved-1')), 1);
    await reading.stop();
    await harness.dispose();
  });
});

/** A replica of one of the masters, in sync. */
async function replicaOf(port: number): Promise<RedisServer> {
  const server = await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'] });
  const [master, node] = [connect(port), connect(server.port)];
  try {
    const id = String(await master.call('CLUSTER', 'MYID'));
    await node.call('CLUSTER', 'MEET', '127.0.0.1', port);
    await patiently(async () => (await node.call('CLUSTER', 'REPLICATE', id)) === 'OK');
    await patiently(async () => (await node.info('replication')).includes('master_link_status:up'));
    await patiently(async () => (await master.wait(1, 100)) === 1);
  } finally {
    master.disconnect();
    node.disconnect();
  }
  return server;
}

/** Waits until the condition holds; what it throws counts as not yet. */
async function patiently(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition().catch(() => false)); tries++) {
    assert.ok(tries < 1000, 'waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const masterOf = async (slot: number): Promise<number> =>
  (await slotOwners()).findIndex(([from, to]) => slot >= from && slot <= to);

/** Gives an empty slot to the next master. */
async function moveSlot(slot: number): Promise<void> {
  const masters = cluster.ports.map(connect);
  const ids = await Promise.all(masters.map(async (master) => String(await master.call('CLUSTER', 'MYID'))));
  const owner = (await slotOwners()).findIndex(([from, to]) => slot >= from && slot <= to);
  const next = (owner + 1) % ids.length;
  for (const master of [masters[next]!, ...masters]) {
    await master.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[next]!);
  }
  for (const master of masters) master.disconnect();
}

/** First and last slot of each master, in the order of the ports. */
async function slotOwners(): Promise<[number, number][]> {
  const ranges = (await raw.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
  return cluster.ports.map((port) => {
    const [from, to] = ranges.find(([, , [, at]]) => at === port)!;
    return [from, to];
  });
}
