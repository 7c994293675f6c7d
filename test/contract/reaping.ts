/** The contract of dead instances: one reaper at a time, nothing left behind, and a way back for one that returns. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LeaseToken, Store } from '../../scheduler/store/store.ts';
import {
  capacity,
  claimLease,
  deadLettersOf,
  failure,
  guideScaled,
  jobOf,
  numbersOf,
  openSession,
  startReading,
  takeOver,
  until,
  type WithStore,
} from './harness.ts';

const presence = {
  instance_id: 'dies',
  started_at: 1,
  hostname: 'host',
  pid: 7,
  version: '0.1.0',
  state: 'serving',
} as const;

/** An instance that sent itself hints, read some and is gone; and the one that reaps it. */
async function deadInstance(store: Store, hints: readonly string[]): Promise<LeaseToken> {
  const token = await claimLease(store, 'dies');
  for (const id of hints) await store.inbox.send('dies', [capacity(id)]);
  await store.instances.release(token);
  return claimLease(store, 'reaps', 'boot-2');
}

export function reapingContract(withStore: WithStore) {
  leaseContract(withStore);
  retireContract(withStore);
  salvageContract(withStore);
  orphanContract(withStore);
}

function leaseContract(withStore: WithStore) {
  it('names the dead, and neither the living nor those that are reaped', () =>
    withStore(async (harness) => {
      const { store } = harness;
      assert.deepEqual(await store.instances.dead(), []);
      await claimLease(store, 'dies', 'boot-1', 200);
      const reaper = await claimLease(store, 'reaps', 'boot-2');
      await until(harness, 'the end of the lease', async () => (await store.instances.dead()).length > 0);
      assert.deepEqual(await store.instances.dead(), ['dies']);
      assert.equal(await store.instances.beginReaping('dies', reaper, 60_000), true);
      assert.deepEqual(await store.instances.dead(), []);
      assert.deepEqual(
        (await store.instances.live()).map(({ instanceId }) => instanceId),
        ['reaps'],
      );
    }));

  it('lets one of many reap, and that one again', () =>
    withStore(async ({ store }) => {
      await deadInstance(store, []);
      const reapers = await Promise.all(
        Array.from({ length: 10 }, (_, i) => claimLease(store, `reaper-${String(i)}`, `boot-r${String(i)}`)),
      );
      const begun = await Promise.all(
        reapers.map((reaper) => store.instances.beginReaping('dies', reaper, 60_000)),
      );
      assert.equal(begun.filter(Boolean).length, 1);
      const winner = reapers[begun.indexOf(true)];
      assert.ok(winner);
      assert.equal(await store.instances.beginReaping('dies', winner, 60_000), true);
    }));

  it('does not reap the living, nor oneself', () =>
    withStore(async ({ store }) => {
      const token = await claimLease(store, 'lives');
      const reaper = await claimLease(store, 'reaps', 'boot-2');
      assert.equal(await store.instances.beginReaping('lives', reaper, 60_000), false);
      assert.equal(await store.instances.beginReaping('reaps', reaper, 60_000), false);
      assert.equal(await store.instances.renew(token, 60_000), true);
    }));

  it('lets an instance that comes back wait until its reaping is over', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const reaper = await deadInstance(store, []);
      await store.instances.beginReaping('dies', reaper, 400);
      const identity = { instanceId: 'dies', boot: 'boot-3', podUid: '' };
      const held = await store.instances.claim(identity, 60_000);
      assert.ok(held.kind === 'held');
      assert.equal(held.holder.instanceId, 'reaps');
      assert.ok(held.expiresInMs > 0 && held.expiresInMs <= 400);
      await until(harness, 'the claim', async () => {
        return (await store.instances.claim(identity, 60_000)).kind === 'claimed';
      });
      assert.equal(await store.instances.retire('dies', reaper, 1000), false);
      assert.equal(await store.instances.beginReaping('dies', reaper, 1000), false);
      assert.equal(await store.inbox.send('dies', [capacity('n-1')]), 'sent');
    }));

  it('takes nothing for an instance that is being reaped', () =>
    withStore(async ({ store }) => {
      const reaper = await deadInstance(store, ['n-1']);
      await store.instances.beginReaping('dies', reaper, 60_000);
      assert.equal(await store.inbox.send('dies', [capacity('n-2')]), 'no_owner');
      assert.equal((await store.inbox.stats('dies')).length, 1);
    }));

  it('shows what a living instance published, until that ends', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-a');
      await store.instances.publish('sched-a', '{"jobs":1}', 60_000);
      await store.instances.publish('sched-a', '{"jobs":2}', 300);
      await store.instances.publish('nobody', '{"jobs":3}', 60_000);
      const figures = async () => (await store.instances.live()).map((instance) => instance.figures);
      assert.deepEqual(await figures(), ['{"jobs":2}']);
      await until(harness, 'the end of the figures', async () => (await figures())[0] === undefined);
      assert.equal((await figures()).length, 1);
    }));
}

function retireContract(withStore: WithStore) {
  it('retires an instance only with an empty inbox, and only for its reaper', () =>
    withStore(async ({ store }) => {
      const reaper = await deadInstance(store, ['n-1']);
      const other = await claimLease(store, 'other', 'boot-4');
      assert.equal(await store.instances.retire('dies', reaper, 1000), false, 'not begun');
      await store.instances.beginReaping('dies', reaper, 60_000);
      assert.equal(await store.instances.retire('dies', reaper, 1000), false, 'an entry is there');
      const ids = (await store.inbox.salvage('dies', 'reaps', 10)).map(({ id }) => id);
      await store.inbox.acknowledge('dies', ids);
      assert.equal(await store.instances.retire('dies', other, 1000), false, 'not the reaper');
      assert.equal(await store.instances.retire('dies', reaper, 1000), true);
      assert.equal(await store.instances.retire('dies', reaper, 1000), false, 'it is over');
      assert.deepEqual(await store.instances.dead(), []);
    }));

  it('retires nobody when the reaping had ended by itself', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const reaper = await deadInstance(store, []);
      await store.instances.beginReaping('dies', reaper, 50);
      await until(harness, 'the end', async () => (await store.instances.dead()).length === 1);
      assert.equal(await store.instances.retire('dies', reaper, 1000), false);
    }));

  it('leaves nothing of a retired instance but its epoch, which never repeats', () =>
    withStore(async ({ store }) => {
      const reaper = await deadInstance(store, []);
      await store.instances.announce(presence, 60_000);
      await store.instances.publish('dies', '{}', 60_000);
      await store.instances.beginReaping('dies', reaper, 60_000);
      assert.equal(await store.instances.retire('dies', reaper, 1000), true);
      assert.equal(await store.inbox.send('dies', [capacity('n-1')]), 'no_owner');
      assert.equal((await claimLease(store, 'dies', 'boot-3')).epoch, 2);
      assert.deepEqual(
        (await store.instances.live()).find(({ instanceId }) => instanceId === 'dies'),
        { instanceId: 'dies', epoch: 2, presence: undefined, figures: undefined },
      );
    }));

  it('keeps dead letters of a retired instance for a while, and for good when it comes back', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const reaper = await deadInstance(store, []);
      const retire = async () => {
        await harness.inject('dies', 'not json');
        assert.equal(await store.instances.beginReaping('dies', reaper, 60_000), true);
        assert.deepEqual(await store.inbox.salvage('dies', 'reaps', 10), []);
        assert.equal(await store.instances.retire('dies', reaper, 1000), true);
      };
      await retire();
      assert.equal((await deadLettersOf(store, 'dies')).length, 1);
      const token = await claimLease(store, 'dies', 'boot-3');
      await harness.advance(1050);
      assert.equal((await deadLettersOf(store, 'dies')).length, 1);
      await store.instances.release(token);
      await retire();
      await until(harness, 'their end', async () => (await deadLettersOf(store, 'dies')).length === 0);
    }));
}

function salvageContract(withStore: WithStore) {
  it('gives the reaper what was delivered and what was not, oldest first, until it is acknowledged', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const token = await claimLease(store, 'dies');
      for (const id of ['n-1', 'n-2']) await store.inbox.send('dies', [capacity(id)]);
      const reading = startReading(harness, 'dies', { acknowledge: () => false });
      await until(harness, 'the delivery', () => reading.entries.length === 2);
      await reading.stop();
      for (const id of ['n-3', 'n-4', 'n-5']) await store.inbox.send('dies', [capacity(id)]);
      await store.instances.release(token);
      const reaper = await claimLease(store, 'reaps', 'boot-2');
      assert.deepEqual(await store.inbox.salvage('dies', 'reaps', 10), [], 'before the reaping');
      await store.instances.beginReaping('dies', reaper, 60_000);
      assert.deepEqual(await store.inbox.salvage('dies', 'other', 10), [], 'not the reaper');
      const first = await store.inbox.salvage('dies', 'reaps', 3);
      assert.deepEqual(numbersOf(first), ['n-1', 'n-2', 'n-3']);
      assert.ok(first.every(({ again }) => again));
      assert.deepEqual(await store.inbox.salvage('dies', 'reaps', 3), first);
      await store.inbox.acknowledge(
        'dies',
        first.map(({ id }) => id),
      );
      assert.deepEqual(numbersOf(await store.inbox.salvage('dies', 'reaps', 3)), ['n-4', 'n-5']);
      assert.equal((await store.inbox.stats('dies')).pending, 0);
    }));

  it('buries what the reaper cannot decode, or drops it when dead letters are off', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const reaper = await deadInstance(store, ['n-1']);
      await harness.inject('dies', 'not json');
      await store.instances.beginReaping('dies', reaper, 60_000);
      assert.deepEqual(numbersOf(await store.inbox.salvage('dies', 'reaps', 10)), ['n-1']);
      const [letter, ...others] = await deadLettersOf(store, 'dies');
      assert.deepEqual([letter?.payload, letter?.deliveries, others.length], ['not json', 0, 0]);
      assert.equal((await store.inbox.stats('dies')).length, 1);
    }));

  it('drops what the reaper cannot decode when dead letters are off', () =>
    withStore(
      async (harness) => {
        const { store } = harness;
        const reaper = await deadInstance(store, []);
        await harness.inject('dies', 'not json');
        await store.instances.beginReaping('dies', reaper, 60_000);
        assert.deepEqual(await store.inbox.salvage('dies', 'reaps', 10), []);
        assert.deepEqual(await store.inbox.stats('dies'), { length: 0, pending: 0, dlqLength: 0 });
      },
      { ...guideScaled, dlq: { ...guideScaled.dlq, enabled: false } },
    ));
}

function orphanContract(withStore: WithStore) {
  const onDead = { nodeId: 'node-1', instanceId: 'dies' };
  const onLiving = { nodeId: 'node-2', instanceId: 'lives' };

  it('names the jobs of a dead owner that wait, or were meant for its own nodes', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1', 'dies');
      await openSession(store, 's-2', 'lives');
      await openSession(store, 's-3', 'dies');
      await store.jobs.accept(jobOf('s-1', { jobId: 'waits', requestId: 'r-1' }));
      await store.jobs.accept(jobOf('s-1', { jobId: 'on-dead' }), onDead);
      await store.jobs.accept(jobOf('s-1', { jobId: 'on-living' }), onLiving);
      await store.jobs.accept(jobOf('s-1', { jobId: 'ended' }));
      await store.jobs.accept(jobOf('s-2', { jobId: 'of-living' }), onDead);
      await store.jobs.accept(jobOf('s-3', { jobId: 'released' }));
      await store.sessions.release({ sessionId: 's-3', epoch: 1, owner: 'dies', keepMs: 60_000 });
      const end = { sessionId: 's-1', jobId: 'ended', attempt: 0, keepMs: 1000 };
      await store.jobs.finish({ ...end, answer: failure('X') });
      const orphans = await store.jobs.orphans('dies', 100);
      assert.deepEqual(orphans.map(({ jobId }) => jobId).sort(), ['on-dead', 'released', 'waits']);
      const waits = orphans.find(({ jobId }) => jobId === 'waits');
      assert.deepEqual([waits?.state, waits?.attempt, waits?.requestId], ['pending', 0, 'r-1']);
      assert.deepEqual(await store.jobs.orphans('nobody', 100), []);
    }));

  it('names no more than the limit, and others once those are placed', () =>
    withStore(async ({ store }) => {
      const sessions = Array.from({ length: 30 }, (_, i) => `s-${String(i)}`);
      for (const sessionId of sessions) {
        await openSession(store, sessionId, 'dies');
        await store.jobs.accept(jobOf(sessionId));
      }
      const placed = new Set<string>();
      for (;;) {
        const orphans = await store.jobs.orphans('dies', 7);
        assert.ok(orphans.length <= 7);
        if (orphans.length === 0) break;
        for (const { sessionId, jobId, attempt } of orphans) {
          const move = { sessionId, jobId, attempt, target: onLiving, deadlineMs: 1000 };
          await store.jobs.dispatch({ ...move, countsAsFailover: false });
          assert.ok(!placed.has(sessionId));
          placed.add(sessionId);
        }
      }
      assert.equal(placed.size, 30);
    }));

  it('leaves the jobs of a session alone that was taken over', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1', 'dies');
      await store.jobs.accept(jobOf('s-1'));
      await takeOver(store, 's-1', 'lives');
      assert.deepEqual(await store.jobs.orphans('dies', 10), []);
    }));
}
