import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sampleCluster, type Wish } from '../../test/operator/sample.ts';
import { podTemplate } from '../resources/pod-template.ts';
import { restartReasons, type RestartReason } from './restart-reasons.ts';

const table: [what: string, wish: Wish, reasons: RestartReason[]][] = [
  ['another image', { image: 'other' }, ['ImageChanged']],
  ['another configuration', { config: { scheduler: { jobTimeoutSeconds: 31 } } }, ['ConfigChanged']],
  ['another limit', { resources: { limits: { memory: '2Gi' } } }, ['ResourcesChanged']],
  ['another variable', { env: [{ name: 'LOG_LEVEL', value: 'debug' }] }, ['EnvironmentChanged']],
  ['another place', { nodeSelector: { zone: 'a' } }, ['PodChanged']],
  ['several of them', { image: 'other', priorityClassName: 'high' }, ['ImageChanged', 'PodChanged']],
  ['nothing of ours', {}, ['Requested']],
];
const before = sampleCluster({ env: [] });
for (const [what, wish, reasons] of table) {
  it(`${what}: ${reasons.join(', ')}`, () => {
    const template = podTemplate(sampleCluster(wish));
    assert.deepEqual(restartReasons(podTemplate(before).spec, template), reasons);
  });
  it(`${what}, taken back: ${reasons.join(', ')}`, () => {
    const template = podTemplate(before);
    assert.deepEqual(restartReasons(podTemplate(sampleCluster(wish)).spec, template), reasons);
  });
}

it('what the API server filled in is no reason', () => {
  const template = podTemplate(before);
  const spec = structuredClone(template.spec!);
  spec.nodeName = 'node-1';
  spec.volumes!.push({ name: 'added-by-admission', emptyDir: {} });
  spec.containers[0]!.terminationMessagePath = '/dev/termination-log';
  assert.deepEqual(restartReasons(spec, template), ['Requested']);
});
