/** Every manifest that the documentation tells people to apply is one that the API accepts, field by field. */
import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { target } from '../conformance/target.ts';
import { everyValue, rendered } from '../ship/chart/chart.ts';
import { root } from '../support/images.ts';
import { createKubectl, type Kubectl } from '../support/kubectl.ts';

const { kubeconfig } = await target();
const kubectl: Kubectl = createKubectl(kubeconfig);

const manifests = path.join(root, 'manifests');
/** Every folder that can be applied, and the flat form of one. */
const wholes = [
  ...globSync('*/kustomization.yaml', { cwd: manifests }).map((file) => ['-k', path.dirname(file)] as const),
  ['-f', 'install.yaml'] as const,
];
const samples = readdirSync(path.join(manifests, 'samples'));

/** What the server would say to an object, without keeping it. */
const wouldApply = (from: readonly string[], input?: string): Promise<string> =>
  kubectl(
    ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', ...from],
    input,
  );

describe('the manifests', () => {
  before(async () => {
    // Nothing can be asked about kinds that are not served, nor about objects in a namespace that is not there.
    await kubectl(['apply', '--server-side', '-k', path.join(root, 'crds')]);
    await kubectl(['apply', '-f', path.join(manifests, 'install/namespace.yaml')]);
    await kubectl(['apply', '-f', path.join(root, 'test/support/foreign')]);
    await kubectl(['wait', 'crd', '--all', '--for=condition=Established', '--timeout=180s']);
  });

  for (const [how, name] of wholes) {
    it(`${name} is accepted whole`, async () => {
      const said = (await wouldApply([how, path.join(manifests, name)])).trim().split('\n');
      assert.ok(
        said.every((line) => line.endsWith(' serverside-applied (server dry run)')),
        said.join('\n'),
      );
    });
  }

  it('among them are both ways to install the operator', () => {
    const names = wholes.map(([, name]) => name);
    for (const name of ['install', 'install-namespaced', 'install.yaml']) assert.ok(names.includes(name));
  });

  for (const file of samples) {
    it(`samples/${file} is accepted whole`, async () => {
      const said = await wouldApply(['-f', path.join(manifests, 'samples', file)]);
      assert.match(said, /schedulercluster\.lingua\.dev\/[a-z-]+ serverside-applied \(server dry run\)/);
    });
  }

  it('samples/ingress.yaml is accepted with what it leaves to choose, too', async () => {
    const text = readFileSync(path.join(manifests, 'samples/ingress.yaml'), 'utf8');
    const chosen = text.replaceAll(/# (?=nginx\.ingress|service:)/g, '');
    assert.match(chosen, /^ {6}nginx\.ingress\.kubernetes\.io\/affinity: cookie$/m);
    assert.match(chosen, /^ {2}service: /m);
    await wouldApply(['-f', '-'], chosen);
  });

  it('a field that does not exist would be refused', async () => {
    const text = readFileSync(path.join(manifests, 'samples/quickstart.yaml'), 'utf8');
    await assert.rejects(wouldApply(['-f', '-'], `${text}  replica: 3\n`), /unknown field|not declared/);
  });

  for (const scope of ['cluster', 'namespace']) {
    it(`the chart with every value set is accepted whole, for one ${scope}`, async () => {
      const objects = await rendered({ ...everyValue, scope });
      const list = objects.map((object) => JSON.stringify(object)).join('\n');
      const said = await wouldApply(['-f', '-'], list);
      assert.match(said, /deployment\.apps\/lingua-operator serverside-applied \(server dry run\)/);
    });
  }
});
