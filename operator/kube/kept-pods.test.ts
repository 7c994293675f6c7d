import assert from 'node:assert/strict';
import { it } from 'node:test';
import { keptPods } from './kept-pods.ts';
import type { Pod } from './resources.ts';

const pod = (name: string, image = 'a', uid = 'set'): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: {
    ...{ name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: '7', generateName: 's-' },
    labels: { 'controller-revision-hash': 's-1', 'statefulset.kubernetes.io/pod-name': name },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid, controller: true }],
  },
  spec: { hostname: name, nodeName: 'node-1', containers: [{ name: 'c', image }] },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    hostIP: '10.0.0.9',
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      ...{ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    })),
    containerStatuses: [
      { name: 'c', ready: true, restartCount: 2, image, imageID: 'sha', containerID: `id-${name}` },
    ],
  },
});

it('of a pod stays what is read', () => {
  assert.deepEqual(keptPods()(pod('p-0')), {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ name: 'p-0', namespace: 'ns', uid: 'uid-p-0', resourceVersion: '7' },
      labels: { 'controller-revision-hash': 's-1' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: 'set', controller: true },
      ],
    },
    spec: { containers: [{ name: 'c', image: 'a' }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: ['PodScheduled', 'Ready'].map((type) => ({
        ...{ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
      })),
      containerStatuses: [{ name: 'c', ready: true, restartCount: 2, image: 'a' }],
    },
  });
});

it('pods of one controller that differ only in their place share everything else', () => {
  const keep = keptPods();
  const [a, b] = [keep(pod('p-0')), keep(pod('p-1'))];
  assert.equal(a.spec, b.spec);
  assert.equal(a.metadata.labels, b.metadata.labels);
  assert.equal(a.metadata.ownerReferences, b.metadata.ownerReferences);
  assert.equal(a.status, b.status);
  assert.deepEqual([a.metadata.name, b.metadata.name], ['p-0', 'p-1']);
});

it('one that was made or changed otherwise has its own', () => {
  const keep = keptPods();
  const [a, b, c] = [keep(pod('p-0')), keep(pod('p-1', 'b')), keep(pod('q-0', 'c', 'another'))];
  assert.deepEqual(
    [a, b, c].map(({ spec }) => spec!.containers[0]!.image),
    ['a', 'b', 'c'],
  );
});

it('one of nobody stays as it is, and what was given is not changed', () => {
  const nobodys = { ...pod('p'), metadata: { name: 'p' } };
  assert.equal(keptPods()(nobodys), nobodys);
  const given = pod('p-0');
  keptPods()(given);
  assert.deepEqual(given, pod('p-0'));
});
