import assert from 'node:assert/strict';
import { it } from 'node:test';
import { version } from '../../common/version.ts';
import { sampleCluster } from '../../test/operator/sample.ts';
import { podTemplate, templateHash } from './pod-template.ts';
import { statefulSet } from './stateful-set.ts';

it('says nothing of the operator that made it', () => {
  const source = JSON.stringify(podTemplate(sampleCluster()));
  assert.ok(!source.includes(version), 'the version would restart every fleet at every update');
  assert.ok(!source.includes('applied-hash'));
});

it('passes the restricted pod security standard', () => {
  const { spec } = podTemplate(sampleCluster());
  const [container] = spec!.containers;
  assert.equal(spec!.securityContext!.runAsNonRoot, true);
  assert.equal(spec!.securityContext!.seccompProfile!.type, 'RuntimeDefault');
  assert.equal(container!.securityContext!.allowPrivilegeEscalation, false);
  assert.deepEqual(container!.securityContext!.capabilities, { drop: ['ALL'] });
  assert.equal(container!.securityContext!.readOnlyRootFilesystem, true);
});

it('a label of the user cannot move a pod out of its StatefulSet', () => {
  const cluster = sampleCluster({ podLabels: { 'app.kubernetes.io/instance': 'other', team: 'a' } });
  const { template, selector } = statefulSet(cluster, { replicas: 2, partition: 2 }).spec!;
  assert.equal(template.metadata!.labels!['team'], 'a');
  for (const [key, value] of Object.entries(selector.matchLabels!))
    assert.equal(template.metadata!.labels![key], value);
});

it('the grace period covers the drain', () => {
  const grace = (timeoutSeconds: number) =>
    podTemplate(sampleCluster({ drain: { timeoutSeconds } })).spec!.terminationGracePeriodSeconds!;
  assert.ok(grace(120) > 120);
  assert.equal(grace(120) - grace(20), 100);
  const late = sampleCluster({ config: { scheduler: { endpointGraceSeconds: 60 } } });
  assert.ok(podTemplate(late).spec!.terminationGracePeriodSeconds! >= 60 + late.spec.drain.timeoutSeconds);
});

it('the user adds variables but does not replace ours', () => {
  const names = podTemplate(
    sampleCluster({ env: [{ name: 'LOG_LEVEL', value: 'debug' }] }),
  ).spec!.containers[0]!.env!.map(({ name }) => name);
  assert.deepEqual(names, ['POD_NAME', 'POD_UID', 'POD_INDEX', 'LINGUA_ADMIN_TOKEN_FILE', 'LOG_LEVEL']);
});

it('the order of keys in the spec is not another template', () => {
  const [one, other] = [
    { a: '1', b: '2' },
    { b: '2', a: '1' },
  ].map((podLabels) => templateHash(sampleCluster({ podLabels, nodeSelector: podLabels })));
  assert.equal(one, other);
});
