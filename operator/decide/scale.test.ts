import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleCluster } from '../../test/operator/sample.ts';
import type { ConfigMap, Pod, StatefulSet } from '../kube/resources.ts';
import { configMap } from '../resources/config-map.ts';
import { statefulSet } from '../resources/stateful-set.ts';
import { ordinalsToConfigure, replicasAllowed } from './scale.ts';
import type { Seen } from './seen.ts';

const cluster = sampleCluster({ replicas: 2 });
const seen = (parts: Partial<Seen> = {}): Seen => ({
  configMaps: [],
  secretFaults: [],
  missing: [],
  statefulSet: undefined,
  pods: [],
  instances: new Map(),
  ...parts,
});
const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
const set = (replicas: number): StatefulSet => statefulSet(cluster, { replicas, partition: replicas });
const files = (...ordinals: number[]): ConfigMap => configMap(cluster, ordinals);

it('every wanted ordinal gets a file', () => {
  assert.deepEqual(ordinalsToConfigure(cluster, seen(), undefined), [0, 1]);
});

it('so does every one that still runs, and every pod that is there', () => {
  const world = seen({ statefulSet: set(3), pods: [pod('demo-4')] });
  assert.deepEqual(ordinalsToConfigure(cluster, world, undefined), [0, 1, 2, 4]);
});

it('the first one has a file even while the fleet is hibernated', () => {
  assert.deepEqual(ordinalsToConfigure(sampleCluster({ replicas: 0 }), seen(), undefined), [0]);
});

it('a file that is there stays', () => {
  assert.deepEqual(ordinalsToConfigure(cluster, seen(), files(0, 1, 2, 3)), [0, 1, 2, 3]);
});

it('what somebody else put into the ConfigMap is not taken for a file of ours', () => {
  const current = {
    ...files(0, 1),
    data: { 'demo-99999.toml': '', 'demo-01.toml': '', 'other-3.toml': '', note: '' },
  };
  assert.deepEqual(
    ordinalsToConfigure(cluster, seen({ pods: [pod('demo-x'), pod('demo-400')] }), current),
    [0, 1],
  );
});

it('no more instances run than have files, and none without a ConfigMap', () => {
  const five = sampleCluster({ replicas: 5 });
  assert.equal(replicasAllowed(five, files(0, 1, 2, 3, 4), 5), 5);
  assert.equal(replicasAllowed(five, files(0, 1, 3), 5), 2);
  assert.equal(replicasAllowed(five, undefined, 5), 0);
});
