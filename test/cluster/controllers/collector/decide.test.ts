import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { ObjectMeta } from '../../../../operator/kube/kube.ts';
import type { ServedResource } from '../discovery.ts';
import { blocks, decide, type OwnerState } from './decide.ts';
import { Graph, type Item } from './graph.ts';

const resource: ServedResource = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: [],
};

const owner = (uid: string, blockOwnerDeletion?: boolean) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: uid,
  uid,
  ...(blockOwnerDeletion === undefined ? {} : { blockOwnerDeletion }),
});

const item = (uid: string, owners: string[], more: Partial<ObjectMeta> = {}): Item => ({
  resource,
  object: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: uid, uid, ownerReferences: owners.map((of) => owner(of)), ...more },
  },
});

const told = (
  owners: Record<string, OwnerState>,
  { finalizers = [] as string[], hasDependents = false } = {},
) => decide(item('x', Object.keys(owners), { finalizers }), new Map(Object.entries(owners)), hasDependents);

describe('the garbage collector', () => {
  it('keeps what has no owner and what has all its owners', () => {
    assert.deepEqual(told({}), { kind: 'keep' });
    assert.deepEqual(told({ a: 'solid', b: 'solid' }), { kind: 'keep' });
  });

  it('deletes what has lost its last owner', () => {
    assert.deepEqual(told({ a: 'absent', b: 'absent' }), { kind: 'delete', propagation: 'Background' });
  });

  it('only drops the references to lost owners while another one is there', () => {
    assert.deepEqual(told({ a: 'absent', b: 'solid', c: 'waiting' }), { kind: 'unlink', uids: ['a', 'c'] });
  });

  it('goes down in the foreground when the owner waits and there is more below', () => {
    assert.deepEqual(told({ a: 'waiting' }, { hasDependents: true }), {
      kind: 'delete',
      propagation: 'Foreground',
    });
    assert.deepEqual(told({ a: 'waiting' }), { kind: 'delete', propagation: 'Background' });
  });

  it('deletes in the way an object was asked to go before', () => {
    assert.deepEqual(told({ a: 'absent' }, { finalizers: ['orphan'] }), {
      kind: 'delete',
      propagation: 'Orphan',
    });
    assert.deepEqual(told({ a: 'absent' }, { finalizers: ['foregroundDeletion'] }), {
      kind: 'delete',
      propagation: 'Foreground',
    });
  });

  it('leaves alone what is on its way already', () => {
    const leaving = item('x', ['a'], { deletionTimestamp: 'now' });
    assert.deepEqual(decide(leaving, new Map([['a', 'absent']]), false), { kind: 'keep' });
  });

  it('makes an owner wait only for dependents that say so', () => {
    const dependent = item('x', []);
    dependent.object.metadata.ownerReferences = [owner('a', true), owner('b', false), owner('c')];
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((uid) => blocks(dependent, uid)),
      [true, false, false, false],
    );
  });
});

describe('the graph of dependents', () => {
  const dependents = (graph: Graph, uid: string) =>
    graph.dependentsOf(uid).map(({ object }) => object.metadata.uid);

  it('follows objects that change owners, and remembers dependents of owners it never saw', () => {
    const graph = new Graph();
    graph.put(item('x', ['a', 'b']));
    graph.put(item('y', ['a']));
    assert.deepEqual(dependents(graph, 'a'), ['x', 'y']);
    graph.put(item('x', ['b']));
    assert.deepEqual([dependents(graph, 'a'), dependents(graph, 'b')], [['y'], ['x']]);
    graph.remove('y');
    graph.remove('y');
    assert.deepEqual(dependents(graph, 'a'), []);
  });
});
