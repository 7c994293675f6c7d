import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleCluster, type Wish } from '../../test/operator/sample.ts';
import { configMap, currentConfigMapName } from './config-map.ts';
import { podTemplate } from './pod-template.ts';

const nameFor = (wish: Wish): string => currentConfigMapName(sampleCluster(wish));

it('scaling changes neither the name nor the pod template', () => {
  const [two, nine] = [sampleCluster({ replicas: 2 }), sampleCluster({ replicas: 9 })];
  assert.equal(currentConfigMapName(two), currentConfigMapName(nine));
  assert.deepEqual(podTemplate(two), podTemplate(nine));
});

it('another configuration has another name, and going back has the old one', () => {
  const changed = nameFor({ config: { scheduler: { jobTimeoutSeconds: 31 } } });
  assert.notEqual(changed, nameFor({}));
  assert.equal(nameFor({ config: { scheduler: { jobTimeoutSeconds: 30 } } }), nameFor({}));
});

it('what is not in the file does not rename it', () => {
  assert.equal(
    nameFor({ image: 'other', podLabels: { a: 'b' }, service: { type: 'NodePort' } }),
    nameFor({}),
  );
});

it('has one file for each ordinal asked for, gaps included', () => {
  const files = configMap(sampleCluster(), [0, 1, 5]).data ?? {};
  assert.deepEqual(Object.keys(files), ['demo-0.toml', 'demo-1.toml', 'demo-5.toml']);
  assert.match(files['demo-5.toml']!, /instance_id = "demo-5"/);
});

it('64 files stay far below the size that an object may have', () => {
  const ordinals = Array.from({ length: 64 }, (_, ordinal) => ordinal);
  assert.ok(JSON.stringify(configMap(sampleCluster(), ordinals)).length < 256 * 1024);
});
