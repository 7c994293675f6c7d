import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { settle } from '../fakes/clock.ts';
import { FakeKube } from '../fakes/kube.ts';
import { configMaps, statefulSets, type ConfigMap, type StatefulSet } from '../../operator/kube/resources.ts';

const map = (data: Record<string, string>, metadata = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'm', namespace: 'ns', ...metadata },
  data,
});
const at = { namespace: 'ns', name: 'm' };

describe('the fake of the API port', () => {
  let kube: FakeKube;
  beforeEach(() => {
    kube = new FakeKube();
  });

  it('has no effect before the call has returned', async () => {
    const creating = kube.create(configMaps, map({ a: '1' }));
    assert.equal(kube.peek(configMaps, at), undefined);
    await creating;
    assert.deepEqual(kube.peek(configMaps, at)?.data, { a: '1' });
  });

  it('answers copies: nobody changes the server by writing to an answer', async () => {
    const sent = map({ a: '1' });
    const made = await kube.create(configMaps, sent);
    sent.data!['a'] = made.data!['a'] = 'changed';
    assert.deepEqual(kube.peek(configMaps, at)?.data, { a: '1' });
  });

  it('removes by an apply what the apply before held, and leaves what others hold', async () => {
    await kube.apply(configMaps, map({ a: '1', b: '2' }, { labels: { mine: 'x' } }));
    await kube.patch(configMaps, at, { data: { other: '3' }, metadata: { labels: { theirs: 'y' } } });
    await kube.apply(configMaps, map({ a: '1' }));
    const left = kube.peek(configMaps, at);
    assert.deepEqual(left?.data, { a: '1', other: '3' });
    assert.deepEqual(left.metadata.labels, { theirs: 'y' });
  });

  it('changes no version when an apply says nothing new', async () => {
    const first = await kube.apply(configMaps, map({ a: '1' }));
    const second = await kube.apply(configMaps, map({ a: '1' }));
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('raises the generation for a new wish, not for status or labels', async () => {
    const set = (replicas: number, labels = {}) =>
      ({
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { ...at, labels },
        spec: { replicas },
      }) as StatefulSet;
    await kube.apply(statefulSets, set(1));
    await kube.apply(statefulSets, set(1, { a: 'b' }));
    await kube.applyStatus(statefulSets, { ...set(1), status: { replicas: 1 } });
    assert.equal(kube.peek(statefulSets, at)?.metadata.generation, 1);
    await kube.apply(statefulSets, set(2, { a: 'b' }));
    assert.equal(kube.peek(statefulSets, at)?.metadata.generation, 2);
    assert.deepEqual(
      kube.peek(statefulSets, at)?.status,
      { replicas: 1 },
      'an apply leaves the status alone',
    );
  });

  it('refuses an update from an old version, a second create, and a status of nothing', async () => {
    const first = await kube.create(configMaps, map({ a: '1' }));
    await kube.update(configMaps, { ...first, data: { a: '2' } });
    await assert.rejects(kube.update(configMaps, { ...first, data: { a: '3' } }), { code: 'conflict' });
    await assert.rejects(kube.create(configMaps, map({})), { code: 'conflict' });
    await assert.rejects(kube.applyStatus(configMaps, map({}, { name: 'none' })), { code: 'not_found' });
  });

  it('deletes exactly the object that is meant, its dependents after it, and waits for finalizers', async () => {
    const owner = await kube.create(configMaps, map({}, { finalizers: ['wait'] }));
    const { uid = '' } = owner.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'm', uid }];
    await kube.create(configMaps, map({}, { name: 'child', ownerReferences }));
    await kube.delete(configMaps, map({}, { uid: 'another' }));
    assert.equal(kube.peek(configMaps, at)?.metadata.deletionTimestamp, undefined);
    await kube.delete(configMaps, owner);
    assert.ok(kube.peek(configMaps, at)?.metadata.deletionTimestamp);
    await kube.patch(configMaps, at, { metadata: { finalizers: null } });
    await settle();
    assert.deepEqual(kube.all(configMaps), []);
  });

  it('writes down what was asked, and counts reads and writes apart', async () => {
    await kube.get(configMaps, at);
    await kube.apply(configMaps, map({ a: '1' }));
    await kube.delete(configMaps, map({}));
    assert.deepEqual(kube.writes(), ['apply ConfigMap m', 'delete ConfigMap m']);
    assert.deepEqual(kube.requests.map(({ verb, write }) => [verb, write]), [['get', 0], ['apply', 1], ['delete', 2]]); // prettier-ignore
    kube.forget();
    assert.deepEqual(kube.writes(), []);
  });

  for (const when of ['before', 'after'] as const) {
    it(`fails or dies ${when} the n-th write took effect`, async () => {
      kube.failWrite(2, when);
      await kube.apply(configMaps, map({ a: '1' }));
      await assert.rejects(kube.apply(configMaps, map({ a: '2' })), { code: 'unavailable' });
      assert.equal(kube.peek(configMaps, at)?.data?.['a'], when === 'after' ? '2' : '1');
      await kube.apply(configMaps, map({ a: '3' }));
      kube.revive();
      kube.forget();
      kube.killAtWrite(1, when);
      await assert.rejects(kube.apply(configMaps, map({ a: '4' })));
      await assert.rejects(kube.get(configMaps, at), { code: 'unavailable' });
      kube.revive();
      assert.equal((await kube.get(configMaps, at))?.data?.['a'], when === 'after' ? '4' : '3');
    });
  }
});
