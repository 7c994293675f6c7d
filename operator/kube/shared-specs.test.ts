import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Pod } from './resources.ts';
import { sharedSpecs } from './shared-specs.ts';

const pod = (name: string, image = 'a', uid = 'set'): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: {
    name,
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid, controller: true }],
  },
  spec: { hostname: name, nodeName: 'node-1', containers: [{ name: 'c', image }] },
  status: { phase: 'Running' },
});

it('pods of one controller that differ only in their place have one spec', () => {
  const keep = sharedSpecs();
  const [a, b] = [keep(pod('p-0')), keep(pod('p-1'))];
  assert.equal(a.spec, b.spec);
  assert.deepEqual(a.spec, { containers: [{ name: 'c', image: 'a' }] });
  assert.deepEqual([a.metadata.name, b.metadata.name, b.status!.phase], ['p-0', 'p-1', 'Running']);
});

it('one that was made or changed otherwise has its own', () => {
  const keep = sharedSpecs();
  const [a, b, c] = [keep(pod('p-0')), keep(pod('p-1', 'b')), keep(pod('q-0', 'c', 'another'))];
  assert.deepEqual(
    [a, b, c].map(({ spec }) => spec!.containers[0]!.image),
    ['a', 'b', 'c'],
  );
});

it('one of nobody stays as it is, and what was given is not changed', () => {
  const nobodys = { ...pod('p'), metadata: { name: 'p' } };
  assert.equal(sharedSpecs()(nobodys), nobodys);
  const given = pod('p-0');
  sharedSpecs()(given);
  assert.equal(given.spec!.hostname, 'p-0');
});
