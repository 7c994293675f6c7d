import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { Store, type Change } from './store.ts';

const object = (name: string, data = '', namespace = 'n'): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});
const names = (objects: readonly ApiObject[] | undefined): string[] | undefined =>
  objects?.map(({ metadata }) => metadata.name);

describe('the store', () => {
  it('gives every change a revision of its own, across resources', () => {
    const store = new Store();
    const versions = ['a', 'b', 'a'].map((resource, index) =>
      Number(store.put(resource, object(`o${index}`)).metadata.resourceVersion),
    );
    assert.deepEqual(
      versions.map((version) => version - (versions[0] ?? 0)),
      [0, 1, 2],
    );
  });

  it('lists by namespace and name, and does not mistake a longer namespace', () => {
    const store = new Store();
    for (const [name, namespace] of [
      ['b', 'n'],
      ['a', 'n'],
      ['c', 'nn'],
    ] as const)
      store.put('r', object(name, '', namespace));
    assert.deepEqual(names(store.list('r', 'n')), ['a', 'b']);
    assert.deepEqual(names(store.list('r')), ['a', 'b', 'c']);
  });

  it('shows a list as it was, whatever happened since', () => {
    const store = new Store();
    store.put('r', object('a', 'old'));
    store.put('r', object('b'));
    const then = store.revision;
    store.put('r', object('a', 'new'));
    store.remove('r', object('b'));
    store.put('r', object('c'));
    store.put('other', object('x'));
    const old = store.listAt('r', then);
    assert.deepEqual(names(old), ['a', 'b']);
    assert.equal(old?.[0]?.['data'], 'old');
    assert.deepEqual(names(store.list('r')), ['a', 'c']);
  });

  it('tells the changes since a revision, in order and of one resource', () => {
    const store = new Store();
    const start = store.revision;
    store.put('r', object('a'));
    store.put('other', object('x'));
    store.put('r', object('a', 'changed'));
    store.remove('r', object('a'));
    assert.deepEqual(
      store.since('r', start)?.map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'DELETED'],
    );
    assert.deepEqual(store.since('r', store.revision), []);
  });

  it('forgets the oldest changes and says so', () => {
    const store = new Store({ historyMax: 4 });
    const start = store.revision;
    for (let i = 0; i < 20; i++) store.put('r', object(`o${i}`));
    assert.equal(store.since('r', start), undefined);
    assert.equal(store.listAt('r', start), undefined);
    assert.equal(store.since('r', store.revision - 2)?.length, 2);
  });

  it('stamps a removal with a revision of its own', () => {
    const store = new Store();
    const seen: Change[] = [];
    store.subscribe('r', (change) => seen.push(change));
    store.put('r', object('a'));
    store.remove('r', object('a'));
    const [added, deleted] = seen.map((change) => Number(change.object.metadata.resourceVersion));
    assert.equal(deleted, (added ?? 0) + 1);
  });

  it('stops telling a listener that has left', () => {
    const store = new Store();
    let calls = 0;
    const stop = store.subscribe('r', () => {
      calls += 1;
    });
    store.put('r', object('a'));
    stop();
    store.put('r', object('b'));
    assert.equal(calls, 1);
  });

  it('does not change objects that were handed in or out', () => {
    const store = new Store();
    const given = object('a');
    const stored = store.put('r', given);
    assert.equal(given.metadata.resourceVersion, undefined);
    store.put('r', object('a', 'new'));
    assert.equal(stored['data'], '');
  });
});
