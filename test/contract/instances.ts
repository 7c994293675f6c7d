/** The contract of instances: an id belongs to one process at a time. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { claimLease, until, type WithStore } from './harness.ts';

const presence = {
  instance_id: 'sched-a',
  started_at: 1,
  hostname: 'host',
  pid: 7,
  version: '0.1.0',
  state: 'serving',
} as const;

export function instanceContract(withStore: WithStore) {
  it('holds an id against another process until its lease ends', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const token = await claimLease(store, 'sched-a', 'boot-1', 400);
      const rival = { instanceId: 'sched-a', boot: 'boot-2', podUid: '' };
      const held = await store.instances.claim(rival, 1000);
      assert.equal(held.kind, 'held');
      assert.deepEqual(held.holder, token);
      assert.ok(held.expiresInMs > 0 && held.expiresInMs <= 400);
      await until(harness, 'the lease to end', async () => {
        return (await store.instances.claim(rival, 1000)).kind === 'claimed';
      });
      assert.equal(await store.instances.renew(token, 1000), false);
    }));

  it('gives an id to the same pod, and to the same boot, at once and under a new epoch', () =>
    withStore(async ({ store }) => {
      const pod = { instanceId: 'sched-a', podUid: 'pod-1' };
      const claim = async (identity: { boot: string; podUid: string }) =>
        store.instances.claim({ instanceId: 'sched-a', ...identity }, 60_000);
      const first = await store.instances.claim({ ...pod, boot: 'boot-1' }, 60_000);
      const restarted = await claim({ boot: 'boot-2', podUid: 'pod-1' });
      const repeated = await claim({ boot: 'boot-2', podUid: '' });
      assert.deepEqual(
        [first, restarted, repeated].map((answer) => answer.kind === 'claimed' && answer.token.epoch),
        [1, 2, 3],
      );
      assert.equal((await claim({ boot: 'boot-3', podUid: 'pod-2' })).kind, 'held');
    }));

  it('does not take two processes without a pod uid for one pod', () =>
    withStore(async ({ store }) => {
      await claimLease(store, 'sched-a', 'boot-1');
      const rival = { instanceId: 'sched-a', boot: 'boot-2', podUid: '' };
      assert.equal((await store.instances.claim(rival, 1000)).kind, 'held');
    }));

  it('refuses renewal and release by an old token', () =>
    withStore(async ({ store }) => {
      const identity = { instanceId: 'sched-a', boot: 'boot-1', podUid: 'pod-1' };
      const old = await store.instances.claim(identity, 60_000);
      const current = await store.instances.claim({ ...identity, boot: 'boot-2' }, 60_000);
      assert.ok(old.kind === 'claimed' && current.kind === 'claimed');
      await store.instances.announce(presence, 60_000);
      assert.equal(await store.instances.renew(old.token, 60_000), false);
      await store.instances.release(old.token);
      assert.equal(await store.instances.renew(current.token, 60_000), true);
      assert.deepEqual(await store.instances.live(), [
        { instanceId: 'sched-a', epoch: 2, presence, figures: undefined },
      ]);
    }));

  it('takes the presence back also when the lease was lost before it was released', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const token = await claimLease(store, 'sched-a', 'boot-1', 100);
      await store.instances.announce(presence, 60_000);
      await until(harness, 'the lease to end', async () => (await store.instances.live()).length === 0);
      await store.instances.release(token);
      await claimLease(store, 'sched-a', 'boot-2');
      assert.deepEqual(await store.instances.live(), [
        { instanceId: 'sched-a', epoch: 2, presence: undefined, figures: undefined },
      ]);
    }));

  it('lists the holders of leases, and forgets one that released or expired', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const token = await claimLease(store, 'sched-a');
      await claimLease(store, 'sched-b', 'boot-1', 1000);
      await store.instances.announce(presence, 60_000);
      assert.deepEqual((await store.instances.live()).map(({ instanceId }) => instanceId).sort(), [
        'sched-a',
        'sched-b',
      ]);
      await until(harness, 'sched-b to go', async () => (await store.instances.live()).length === 1);
      assert.deepEqual(await store.instances.live(), [
        { instanceId: 'sched-a', epoch: 1, presence, figures: undefined },
      ]);
      await store.instances.release(token);
      await store.instances.release(token);
      assert.deepEqual(await store.instances.live(), []);
      assert.equal((await claimLease(store, 'sched-a', 'boot-2')).epoch, 2);
    }));

  it('keeps a lease alive that is renewed', () =>
    withStore(async ({ store, advance }) => {
      const token = await claimLease(store, 'sched-a', 'boot-1', 1000);
      assert.equal(await store.instances.renew(token, 60_000), true);
      await advance(1020);
      assert.equal(await store.instances.renew(token, 60_000), true);
    }));
}
