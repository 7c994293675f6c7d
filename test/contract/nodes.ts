/** The contract of nodes: the newest connection owns; what changed can be followed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NodeChange, Store } from '../../scheduler/store/store.ts';
import { until, viewOf, type WithStore } from './harness.ts';

const onA = { nodeId: 'node-1', instanceId: 'sched-a', connection: 'conn-1' };
const onB = { nodeId: 'node-1', instanceId: 'sched-b', connection: 'conn-2' };
const ttl = { ownerMs: 60_000, presenceMs: 60_000 };

export function nodeContract(withStore: WithStore) {
  it('gives a node to its newest connection and says whose it was', () =>
    withStore(async ({ store }) => {
      assert.deepEqual(await store.nodes.claim({ ...onA, ttlMs: 60_000 }), { previous: undefined });
      assert.deepEqual(await store.nodes.claim({ ...onA, ttlMs: 60_000 }), { previous: undefined });
      const previous = { instanceId: 'sched-a', connection: 'conn-1' };
      assert.deepEqual(await store.nodes.claim({ ...onB, ttlMs: 60_000 }), { previous });
      assert.deepEqual(await store.nodes.renew([onA], 'sched-a', ttl), ['node-1']);
      assert.deepEqual(await store.nodes.renew([onB], 'sched-b', ttl), []);
    }));

  it('tells two connections of one node to one instance apart', () =>
    withStore(async ({ store }) => {
      await store.nodes.claim({ ...onA, ttlMs: 60_000 });
      await store.nodes.claim({ ...onA, connection: 'conn-9', ttlMs: 60_000 });
      await register(store);
      await store.nodes.remove(onA);
      assert.equal((await store.nodes.all()).views.length, 1);
      assert.deepEqual(await store.nodes.renew([onA], 'sched-a', ttl), ['node-1']);
    }));

  it('makes a claim again that nobody else took meanwhile', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await store.nodes.claim({ ...onA, ttlMs: 30 });
      await harness.advance(50);
      assert.deepEqual(await store.nodes.renew([onA], 'sched-a', ttl), []);
      assert.deepEqual((await store.nodes.claim({ ...onB, ttlMs: 60_000 })).previous?.instanceId, 'sched-a');
    }));

  it('lists the views of live nodes only', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await register(store, 'node-1');
      const view = viewOf('node-2');
      await store.nodes.save({ view, snapshot: '{}', presenceMs: 1000, announce: true });
      assert.equal((await store.nodes.all()).views.length, 2);
      await until(harness, 'node-2 to go', async () => (await store.nodes.all()).views.length === 1);
      assert.deepEqual((await store.nodes.all()).views, [viewOf('node-1')]);
    }));

  it('ignores what a previous owner says of a node', () =>
    withStore(async ({ store }) => {
      await store.nodes.claim({ ...onA, ttlMs: 60_000 });
      await store.nodes.claim({ ...onB, ttlMs: 60_000 });
      const view = viewOf('node-1', { instanceId: 'sched-b' });
      await store.nodes.save({ view, snapshot: '{}', presenceMs: 60_000, announce: true });
      await register(store, 'node-1');
      await store.nodes.remove(onA);
      assert.deepEqual((await store.nodes.all()).views, [view]);
    }));

  it('removes the nodes of a dead instance, and none that another took', () =>
    withStore(async (harness) => {
      const { store } = harness;
      for (const nodeId of ['lost', 'silent', 'moved']) {
        await store.nodes.claim({ nodeId, instanceId: 'dead', connection: `c-${nodeId}`, ttlMs: 60_000 });
        await store.nodes.save({ view: viewOf(nodeId, { instanceId: 'dead' }), ...saved });
      }
      await store.nodes.claim({ nodeId: 'unclaimed', instanceId: 'dead', connection: 'c', ttlMs: 20 });
      await store.nodes.save({ view: viewOf('unclaimed', { instanceId: 'dead' }), ...saved });
      await harness.advance(40);
      await store.nodes.claim({ nodeId: 'moved', instanceId: 'alive', connection: 'c-2', ttlMs: 60_000 });
      await store.nodes.save({ view: viewOf('theirs', { instanceId: 'alive' }), ...saved });
      const { cursor } = await store.nodes.all();
      assert.equal(await store.nodes.removeOf('dead'), 3);
      assert.equal(await store.nodes.removeOf('dead'), 0);
      const left = (await store.nodes.all()).views.map(({ nodeId }) => nodeId);
      assert.deepEqual(left.sort(), ['moved', 'theirs']);
      const gone = (await changesAfter(store, cursor)).map((change) => change.op === 'gone' && change.nodeId);
      assert.deepEqual(gone.sort(), ['lost', 'silent', 'unclaimed']);
    }));

  it('reads more nodes than one command carries', () =>
    withStore(async ({ store }) => {
      const ids = Array.from({ length: 1203 }, (_, i) => `node-${String(i)}`);
      await Promise.all(ids.map((id) => store.nodes.save({ view: viewOf(id), ...saved })));
      const { views } = await store.nodes.all();
      assert.deepEqual(new Set(views.map(({ nodeId }) => nodeId)), new Set(ids));
    }));

  it('follows changes from the cursor on, with what is true now', () =>
    withStore(async ({ store }) => {
      await register(store, 'node-0');
      const { cursor } = await store.nodes.all();
      assert.deepEqual(await changesAfter(store, cursor), []);
      await store.nodes.claim({ ...onA, ttlMs: 60_000 });
      await register(store, 'node-1');
      const busy = viewOf('node-1', { running: 2 });
      await store.nodes.save({ view: busy, snapshot: '{}', presenceMs: 60_000, announce: true });
      await store.nodes.save({
        view: viewOf('node-0', { running: 1 }),
        snapshot: '{}',
        presenceMs: 60_000,
        announce: false,
      });
      assert.deepEqual(await changesAfter(store, cursor), [{ op: 'put', view: busy }]);
      await store.nodes.remove(onA);
      await store.nodes.remove(onA);
      assert.deepEqual(await changesAfter(store, cursor), [{ op: 'gone', nodeId: 'node-1' }]);
    }));

  it('tells what is true now of single nodes, also of one that nobody knows', () =>
    withStore(async ({ store }) => {
      await register(store, 'node-1');
      assert.deepEqual(await store.nodes.find(['node-1', 'nobody']), [
        { op: 'put', view: viewOf('node-1') },
        { op: 'gone', nodeId: 'nobody' },
      ]);
      assert.deepEqual(await store.nodes.find([]), []);
    }));

  it('goes on from the cursor that the last answer gave', () =>
    withStore(async ({ store }) => {
      await register(store, 'node-1');
      const { cursor } = await store.nodes.all();
      await register(store, 'node-2');
      const first = await store.nodes.changes(cursor);
      assert.equal(first.kind, 'changes');
      assert.deepEqual(await changesAfter(store, first.cursor), []);
      await register(store, 'node-3');
      assert.deepEqual(await changesAfter(store, first.cursor), [{ op: 'put', view: viewOf('node-3') }]);
    }));

  it('never hides a node from a reader that began before any was announced', () =>
    withStore(async ({ store }) => {
      const { views, cursor } = await store.nodes.all();
      assert.deepEqual(views, []);
      assert.deepEqual(await changesAfter(store, cursor), []);
      await register(store, 'node-1');
      const answer = await store.nodes.changes(cursor);
      const known = answer.kind === 'lost' ? (await store.nodes.all()).views : answer.changes;
      assert.equal(known.length, 1);
    }));

  it('says lost to a cursor that it never gave', () =>
    withStore(async ({ store }) => {
      await register(store, 'node-1');
      assert.deepEqual(await store.nodes.changes('9999999999999-0'), { kind: 'lost' });
    }));

  it('forgets stale nodes and announces it, but not nodes that are present', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const save = { snapshot: '{}', announce: true };
      await store.nodes.save({ view: viewOf('dead'), presenceMs: 20, ...save });
      await store.nodes.save({ view: viewOf('alive'), presenceMs: 60_000, ...save });
      const { cursor } = await store.nodes.all();
      await harness.advance(60);
      assert.equal(await store.nodes.sweepStale(40), 1);
      assert.equal(await store.nodes.sweepStale(40), 0);
      assert.deepEqual(await changesAfter(store, cursor), [{ op: 'gone', nodeId: 'dead' }]);
    }));
}

const saved = { snapshot: '{}', presenceMs: 60_000, announce: true };

const register = (store: Store, nodeId = 'node-1') =>
  store.nodes.save({ view: viewOf(nodeId), snapshot: '{}', presenceMs: 60_000, announce: true });

async function changesAfter(store: Store, cursor: string): Promise<readonly NodeChange[]> {
  const answer = await store.nodes.changes(cursor);
  assert.equal(answer.kind, 'changes');
  return answer.changes;
}
