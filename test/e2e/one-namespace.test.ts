/** The operator for one namespace, installed as the quickstart says: it looks after that one, with no right to look into another. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { target } from '../conformance/target.ts';
import { pageOf } from '../docs/pages.ts';
import { root } from '../support/images.ts';
import { createKubectl } from '../support/kubectl.ts';

const { kind, kubeconfig, lacks } = await target();
const kubectl = createKubectl(kubeconfig);
const sample = path.join(root, 'manifests/samples/quickstart.yaml');
const skip =
  lacks.programs || (kind === 'external' && 'it takes the definition away, and with it every fleet');

describe('an operator for one namespace', { skip }, () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'lingua-one-namespace-'));
    for (const name of ['crds', 'manifests']) symlinkSync(path.join(root, name), path.join(directory, name));
  });
  after(async () => {
    await kubectl.try(['delete', '-k', path.join(directory, 'only-speech'), '--ignore-not-found']);
    await kubectl.try(['delete', '-k', path.join(root, 'crds'), '--ignore-not-found']);
    rmSync(directory, { recursive: true, force: true });
  });

  it('is there after the lines of the quickstart', async () => {
    const block = pageOf('docs/quickstart.md').fences.find(({ text }) => text.includes('only-speech'));
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    await promisify(execFile)('sh', ['-euc', block?.text ?? 'false'], { cwd: directory, env });
  });

  it('has no right outside it', async () => {
    const account = '--as=system:serviceaccount:speech:lingua-operator';
    const may = async (...what: readonly string[]): Promise<string> =>
      (await kubectl.try(['auth', 'can-i', ...what, account])).stdout.trim();
    assert.equal(await may('patch', 'statefulsets.apps', '-n', 'speech'), 'yes');
    for (const verb of ['list', 'patch'])
      assert.equal(await may(verb, 'statefulsets.apps', '-n', 'default'), 'no');
    assert.equal(await may('list', 'schedulerclusters.lingua.dev', '--all-namespaces'), 'no');
    const bindings = await kubectl([
      'get',
      'clusterrolebindings',
      '-o',
      'jsonpath={.items[*].subjects[*].namespace}',
    ]);
    assert.ok(!bindings.split(' ').includes('speech'));
  });

  it('makes a fleet of an object there, and leaves one elsewhere alone', async () => {
    await kubectl(['apply', '-n', 'default', '-f', sample]);
    await kubectl(['apply', '-n', 'speech', '-f', sample]);
    await kubectl(['wait', '-n', 'speech', 'lsc/demo', '--for=condition=Ready', '--timeout=180s']);
    assert.equal(await kubectl(['get', '-n', 'default', 'lsc/demo', '-o', 'jsonpath={.status}']), '');
    assert.equal(await kubectl(['get', '-n', 'default', 'statefulsets', '-o', 'name']), '');
  });

  it('goes with its namespace, the fleet first', async () => {
    await kubectl(['delete', '-n', 'speech', 'lsc/demo', '--timeout=180s']);
    const ended = ['-l', 'app.kubernetes.io/instance=demo', '--for=delete', '--timeout=180s'];
    await kubectl(['wait', '-n', 'speech', 'statefulsets,pods', ...ended]);
    await kubectl(['delete', 'namespace', 'speech', '--timeout=180s']);
    await kubectl(['delete', '-n', 'default', 'lsc/demo', '--timeout=180s']);
  });
});
