import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { Json, JsonObject } from '../../../../operator/schema/json.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

describe('JSON patch', () => {
  const patched = (document: Json, ...operations: Json[]): Json => jsonPatch(document, operations);

  it('adds, removes, replaces, moves and copies', () => {
    const result = patched(
      { a: [1, 3], b: { c: 1 } },
      { op: 'add', path: '/a/1', value: 2 },
      { op: 'add', path: '/a/-', value: 4 },
      { op: 'replace', path: '/b/c', value: 2 },
      { op: 'copy', from: '/b', path: '/d' },
      { op: 'move', from: '/b/c', path: '/e' },
      { op: 'remove', path: '/b' },
    );
    assert.deepEqual(result, { a: [1, 2, 3, 4], d: { c: 2 }, e: 2 });
  });

  it('reads escaped names', () => {
    assert.deepEqual(patched({ 'a/b~c': 1 }, { op: 'replace', path: '/a~1b~0c', value: 2 }), { 'a/b~c': 2 });
  });

  it('leaves the document alone when an operation fails', () => {
    const document = { a: 1 };
    const fails = () =>
      patched(document, { op: 'add', path: '/b', value: 1 }, { op: 'test', path: '/a', value: 2 });
    assert.throws(fails, { code: 422 });
    assert.deepEqual(document, { a: 1 });
  });

  for (const operation of [
    { op: 'remove', path: '/nope' },
    { op: 'replace', path: '/nope', value: 1 },
    { op: 'add', path: '/a/9', value: 1 },
    { op: 'add', path: '/x/y', value: 1 },
    { op: 'move', from: '/nope', path: '/b' },
  ]) {
    it(`refuses ${JSON.stringify(operation)}`, () => {
      assert.throws(() => patched({ a: [] }, operation), { code: 422 });
    });
  }

  it('refuses operations it does not know', () => {
    assert.throws(() => patched({}, { op: 'toString', path: '/a' }), { code: 400 });
  });
});

describe('merge patch', () => {
  it('removes with null, replaces lists, and cleans nulls out of what it adds', () => {
    assert.deepEqual(
      mergePatch({ a: 1, l: [1], o: { x: 1, y: 2 } }, { a: null, l: [2], o: { x: null }, n: { z: null } }),
      {
        l: [2],
        o: { y: 2 },
        n: {},
      },
    );
  });
});

describe('strategic merge patch', () => {
  const pod = { $ref: 'V1PodSpec' };
  const merged = (document: JsonObject, patch: JsonObject): JsonObject | undefined =>
    strategicMerge(document, patch, pod);

  it('merges containers by name and their lists by their own keys', () => {
    const before = {
      containers: [
        { name: 'a', image: 'x', env: [{ name: 'K', value: '1' }], args: ['-v'] },
        { name: 'b', image: 'y' },
      ],
    };
    const patch = { containers: [{ name: 'a', env: [{ name: 'L', value: '2' }], args: ['-q'] }] };
    assert.deepEqual(merged(before, patch), {
      containers: [
        {
          name: 'a',
          image: 'x',
          env: [
            { name: 'L', value: '2' },
            { name: 'K', value: '1' },
          ],
          args: ['-q'],
        },
        { name: 'b', image: 'y' },
      ],
    });
  });

  it('puts new items first, as the API does', () => {
    assert.deepEqual(merged({ containers: [{ name: 'a' }] }, { containers: [{ name: 'b' }] }), {
      containers: [{ name: 'b' }, { name: 'a' }],
    });
  });

  it('deletes an item by directive', () => {
    const before = { containers: [{ name: 'a' }, { name: 'b' }] };
    assert.deepEqual(merged(before, { containers: [{ name: 'a', $patch: 'delete' }] }), {
      containers: [{ name: 'b' }],
    });
  });

  it('replaces a list by directive', () => {
    const before = { containers: [{ name: 'a' }, { name: 'b' }] };
    assert.deepEqual(merged(before, { containers: [{ $patch: 'replace' }, { name: 'c' }] }), {
      containers: [{ name: 'c' }],
    });
  });

  it('replaces an object by directive', () => {
    const before = { securityContext: { runAsUser: 1, fsGroup: 2 } };
    assert.deepEqual(merged(before, { securityContext: { $patch: 'replace', fsGroup: 3 } }), {
      securityContext: { fsGroup: 3 },
    });
  });

  it('retains only the named keys of a union', () => {
    const before = { volumes: [{ name: 'v', emptyDir: {} }] };
    const patch = { volumes: [{ name: 'v', $retainKeys: ['name', 'secret'], secret: { secretName: 's' } }] };
    assert.deepEqual(merged(before, patch), { volumes: [{ name: 'v', secret: { secretName: 's' } }] });
  });

  it('orders a list as told, others before what they stood before', () => {
    const before = { containers: [{ name: 'a' }, { name: 'x' }, { name: 'b' }] };
    const patch = {
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [{ name: 'b', image: 'i' }],
    };
    assert.deepEqual(merged(before, patch), {
      containers: [{ name: 'x' }, { name: 'b', image: 'i' }, { name: 'a' }],
    });
  });

  it('removes from lists of plain values', () => {
    const meta = { $ref: 'V1ObjectMeta' };
    const patch = { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] };
    assert.deepEqual(strategicMerge({ finalizers: ['a', 'b'] }, patch, meta), { finalizers: ['c', 'b'] });
  });

  it('refuses an item without its merge key', () => {
    assert.throws(() => merged({ containers: [] }, { containers: [{ image: 'x' }] }), { code: 400 });
  });
});
