/**
 * The chart makes what the overlays of kustomize make. By a renderer of ours, because Helm need not be here; where it is, by Helm
 * as well.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { root } from '../../support/images.ts';
import {
  chartFolder,
  defaults,
  everyValue,
  helmIsHere,
  objectsIn,
  refusals,
  rendered,
  renderedByHelm,
  type KubeObject,
  type Values,
} from './chart.ts';

const renderers = { 'our renderer': rendered, ...(helmIsHere ? { helm: renderedByHelm } : {}) };

const pod = 'spec.template.spec';
const container = `${pod}.containers.0`;
/** What becomes of `everyValue`, in the Deployment. */
const becomes: Readonly<Record<string, unknown>> = {
  'spec.replicas': 3,
  [`${pod}.imagePullSecrets`]: everyValue['imagePullSecrets'],
  [`${pod}.nodeSelector`]: everyValue['nodeSelector'],
  [`${pod}.tolerations`]: everyValue['tolerations'],
  [`${pod}.affinity`]: everyValue['affinity'],
  [`${container}.image`]: 'registry.example/speech/operator:1.2.3',
  [`${container}.imagePullPolicy`]: 'Always',
  [`${container}.resources`]: { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '512Mi' } },
  [`${container}.args`]: [
    '--metrics-port=9090',
    '--namespace=$(NAMESPACE)',
    '--runbook-url=https://docs.example/runbooks/{alert}.md',
  ],
  [`${container}.ports.0.containerPort`]: 9090,
  [`${container}.env.1`]: { name: 'LOG_LEVEL', value: 'debug' },
};

for (const [name, renderedBy] of Object.entries(renderers)) {
  describe(`the chart, by ${name}`, () => {
    it('makes what manifests/install makes, but for the namespace, which Helm makes', async () => {
      assert.deepEqual(asSet(await renderedBy({})), asSet(await overlay('install')));
    });

    it('makes for one namespace what manifests/install-namespaced makes', async () => {
      const objects = await renderedBy({ scope: 'namespace' });
      assert.deepEqual(asSet(objects), asSet(await overlay('install-namespaced')));
    });

    it('goes into the namespace of the release, all of it', async () => {
      const text = JSON.stringify((await renderedBy({}, 'speech')).filter(({ kind }) => !isDefinition(kind)));
      assert.ok(text.includes('"namespace":"speech"'));
      assert.ok(!text.includes('lingua-system'));
    });

    it('puts every value where it belongs', async () => {
      const objects = await renderedBy({ ...everyValue, scope: 'namespace' });
      const deployment = objects.find(({ kind }) => kind === 'Deployment');
      for (const [where, value] of Object.entries(becomes))
        assert.deepEqual(at(deployment, where), value, where);
      const policy = objects.find(({ kind }) => kind === 'NetworkPolicy');
      assert.deepEqual(at(policy, 'spec.egress.1.ports'), [{ port: 7443, protocol: 'TCP' }]);
    });

    it('leaves out what is not wished for', async () => {
      const off = { enabled: false };
      const wish = { networkPolicy: off, podDisruptionBudget: off, userRoles: off, crds: { install: false } };
      const objects = await renderedBy(wish);
      const kinds = objects.map(({ kind }) => kind);
      const without = ['NetworkPolicy', 'PodDisruptionBudget', 'CustomResourceDefinition'];
      assert.deepEqual(
        kinds.filter((kind) => without.includes(kind)),
        [],
      );
      assert.ok(kinds.includes('Deployment'));
      assert.ok(!objects.some(({ metadata }) => metadata.name.startsWith('lingua-schedulerclusters-')));
    });
  });
}

describe('the schema of values', () => {
  it('takes the defaults', async () => {
    assert.deepEqual(await refusals({}), []);
  });

  const wrong: readonly [values: Values, says: RegExp][] = [
    [{ replica: 3 }, /additional properties/],
    [{ image: { name: 'x' } }, /\/image .*additional properties/],
    [{ image: { repository: '' } }, /\/image\/repository/],
    [{ image: { repository: 'a@sha256:00' } }, /\/image\/repository/],
    [{ image: { tag: 'a:b' } }, /\/image\/tag/],
    [{ image: { pullPolicy: 'Sometimes' } }, /\/image\/pullPolicy/],
    [{ imagePullSecrets: ['registry'] }, /\/imagePullSecrets\/0/],
    [{ scope: 'everywhere' }, /\/scope/],
    [{ crds: { install: 'yes' } }, /\/crds\/install/],
    [{ userRoles: { view: true } }, /\/userRoles .*additional properties/],
    [{ replicas: -1 }, /\/replicas/],
    [{ replicas: '2' }, /\/replicas/],
    [{ resources: { limit: {} } }, /\/resources .*additional properties/],
    [{ nodeSelector: { gpu: true } }, /\/nodeSelector\/gpu/],
    [{ tolerations: {} }, /\/tolerations/],
    [{ logLevel: 'loud' }, /\/logLevel/],
    [{ runbookUrl: 'https://docs.example/runbooks' }, /\/runbookUrl/],
    [{ runbookUrl: 'docs/runbooks/{alert}.md' }, /\/runbookUrl/],
    [{ metrics: { port: 80 } }, /\/metrics\/port/],
    [{ podDisruptionBudget: true }, /\/podDisruptionBudget/],
    [{ networkPolicy: { apiServerPorts: [] } }, /\/networkPolicy\/apiServerPorts/],
  ];
  for (const [values, says] of wrong)
    it(`refuses ${JSON.stringify(values)}`, async () => {
      assert.match((await refusals(values)).join('\n'), says);
      if (helmIsHere) await assert.rejects(renderedByHelm(values), /values don't meet the specifications/);
    });

  it('knows each value that there is, and no other', async () => {
    const schema = JSON.parse(await readFile(path.join(chartFolder, 'values.schema.json'), 'utf8')) as Schema;
    const known = [...leaves(schema)].filter((name) => name !== 'global').sort();
    const inSchema = (name: string) => known.some((one) => name === one || name.startsWith(`${one}.`));
    const there = [...leavesOf(await defaults())];
    assert.deepEqual(
      there.filter((name) => !inSchema(name)),
      [],
    );
    assert.deepEqual(
      known.filter((name) => !there.some((one) => one === name || one.startsWith(`${name}.`))),
      [],
    );
  });
});

describe('the chart', () => {
  it('has the version of everything else', async () => {
    const chart = parse(await readFile(path.join(chartFolder, 'Chart.yaml'), 'utf8')) as Record<
      string,
      string
    >;
    const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    assert.deepEqual([chart['version'], chart['appVersion']], [version, version]);
  });

  it('leaves the definition behind when it goes, and with it the fleets', async () => {
    const definition = (await rendered({})).find(({ kind }) => isDefinition(kind));
    assert.deepEqual(definition?.metadata.annotations, { 'helm.sh/resource-policy': 'keep' });
  });
});

async function overlay(name: string): Promise<KubeObject[]> {
  const folder = path.join(root, 'manifests', name);
  const kubectl = process.env['KUBECTL'] ?? 'kubectl';
  const { stdout } = await promisify(execFile)(kubectl, ['kustomize', folder], { maxBuffer: 16 << 20 });
  return objectsIn(stdout);
}

const isDefinition = (kind: string): boolean => kind === 'CustomResourceDefinition';

/** By kind and name, without the namespace and without Helm's own annotation. */
function asSet(objects: readonly KubeObject[]): Record<string, unknown> {
  const named = objects
    .filter(({ kind }) => kind !== 'Namespace')
    .map((object) => {
      const { annotations, ...metadata } = object.metadata;
      const own = Object.entries(annotations ?? {}).filter(([key]) => key !== 'helm.sh/resource-policy');
      const plain = own.length > 0 ? { ...metadata, annotations: Object.fromEntries(own) } : metadata;
      return [`${object.kind}/${object.metadata.name}`, { ...object, metadata: plain }] as const;
    });
  assert.equal(new Set(named.map(([name]) => name)).size, named.length);
  return Object.fromEntries(named);
}

const at = (object: unknown, where: string): unknown =>
  where
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function* leaves({ properties }: Schema, of = ''): Generator<string> {
  if (!properties) yield of.slice(0, -1);
  for (const [name, schema] of Object.entries(properties ?? {})) yield* leaves(schema, `${of}${name}.`);
}

function* leavesOf(values: unknown, of = ''): Generator<string> {
  const isMap = typeof values === 'object' && values !== null && !Array.isArray(values);
  if (!isMap || Object.keys(values).length === 0) yield of.slice(0, -1);
  else for (const [name, value] of Object.entries(values)) yield* leavesOf(value, `${of}${name}.`);
}
