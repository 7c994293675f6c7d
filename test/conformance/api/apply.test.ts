import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import type { Answer } from '../target.ts';
import { openPlace, type Place } from '../workloads/place.ts';
import { useWidgets } from './widgets.ts';

const widgets = useWidgets();

const apply = (place: Place, manager: string, spec: object, ...args: string[]): Promise<Answer> =>
  place.tryKubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-', ...args], {
    input: widgets.manifest('w', spec),
  });

async function applied(place: Place, manager: string, spec: object, ...args: string[]): Promise<void> {
  const { code, stderr } = await apply(place, manager, spec, ...args);
  assert.equal(code, 0, stderr);
}

interface Shown {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly managedFields: readonly {
      manager: string;
      operation: string;
      subresource?: string;
      fieldsV1: object;
    }[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
}

const show = async (place: Place): Promise<Shown> =>
  JSON.parse(
    await place.kubectl('get', widgets.resource, 'w', '-o', 'json', '--show-managed-fields'),
  ) as Shown;

const fieldsOf = ({ metadata }: Shown, manager: string): object | undefined =>
  metadata.managedFields.find((entry) => entry.manager === manager)?.fieldsV1;

describe('server-side apply of a custom resource', { concurrency: 2 }, () => {
  it('owns what it names and nothing else', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x', parts: [{ name: 'p', value: '1' }], tags: ['red'] });
    const object = await show(place);
    assert.deepEqual(fieldsOf(object, 'a'), {
      'f:spec': {
        'f:image': {},
        'f:parts': { 'k:{"name":"p"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
        'f:tags': { 'v:"red"': {} },
      },
    });
    assert.equal(object.spec['replicas'], 1, 'defaulted, and owned by nobody');
  });

  it('changes nothing when repeated', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x' });
    const first = await show(place);
    await applied(place, 'a', { image: 'x' });
    assert.equal((await show(place)).metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('is for the object as it was seen, when it names a resourceVersion or a uid', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x' });
    const seen = await show(place);
    const as = (metadata: object) => {
      const manifest = JSON.parse(widgets.manifest('w', { image: 'y' })) as { metadata: object };
      const input = JSON.stringify({ ...manifest, metadata: { ...manifest.metadata, ...metadata } });
      const args = ['apply', '--server-side', '--field-manager=a', '-f', '-'];
      return place.tryKubectl(args, { input });
    };
    const { uid, resourceVersion } = seen.metadata;
    assert.match((await as({ uid: uid.replace(/./g, '0') })).stderr, /uid/i);
    assert.equal((await as({ uid, resourceVersion })).code, 0);
    const late = await as({ uid, resourceVersion });
    assert.equal(late.code, 1);
    assert.match(late.stderr, /the object has been modified/);
  });

  it('can be a question: a patch of nothing is refused when the object is not as it was seen', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x' });
    const { metadata: seen } = await show(place);
    const ask = () => {
      const patch = JSON.stringify({ metadata: { uid: seen.uid, resourceVersion: seen.resourceVersion } });
      return place.tryKubectl(['patch', widgets.resource, 'w', '--type=merge', '-p', patch]);
    };
    assert.match((await ask()).stdout, /no change/);
    assert.equal((await show(place)).metadata.resourceVersion, seen.resourceVersion, 'nothing was written');
    await applied(place, 'a', { image: 'y' });
    const { code, stderr } = await ask();
    assert.equal(code, 1);
    assert.match(stderr, /the object has been modified/);
  });

  it('meets a conflict with field and manager, and takes over with force', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x', replicas: 2 });
    const { code, stderr } = await apply(place, 'b', { image: 'x', replicas: 3 });
    assert.equal(code, 1);
    assert.match(stderr, /conflict with "a": \.spec\.replicas/);
    await applied(place, 'b', { image: 'x', replicas: 3 }, '--force-conflicts');
    const object = await show(place);
    assert.equal(object.spec['replicas'], 3);
    assert.deepEqual(fieldsOf(object, 'a'), { 'f:spec': { 'f:image': {} } });
  });

  it('meets a conflict with a plain writer too', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x' });
    await place.kubectl(
      'patch',
      widgets.resource,
      'w',
      '--type=merge',
      '--field-manager=hand',
      '-p',
      '{"spec":{"replicas":9}}',
    );
    const { code, stderr } = await apply(place, 'a', { image: 'x', replicas: 2 });
    assert.equal(code, 1);
    assert.match(stderr, /conflict with "hand" using \S+\/v1: \.spec\.replicas/);
  });

  it('removes what it no longer names, unless somebody else does', async (t) => {
    const place = await openPlace(t);
    const parts = [{ name: 'p', value: '1' }, { name: 'q' }];
    await applied(place, 'a', { image: 'x', labels: { one: '1', two: '2' }, parts });
    await applied(place, 'b', { image: 'x', labels: { two: '2' } });
    await applied(place, 'a', { image: 'x', parts: [{ name: 'q' }] });
    const { spec } = await show(place);
    assert.deepEqual([spec['labels'], spec['parts']], [{ two: '2' }, [{ name: 'q' }]]);
  });

  it('merges keyed lists of two managers', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x', parts: [{ name: 'p', value: '1' }] });
    await applied(place, 'b', { image: 'x', parts: [{ name: 'q', value: '2' }] });
    const { spec } = await show(place);
    assert.deepEqual(spec['parts'], [
      { name: 'p', value: '1' },
      { name: 'q', value: '2' },
    ]);
  });

  it('of the status is a manager of its own', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x' });
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    const input = JSON.stringify({
      apiVersion: widgets.apiVersion,
      kind: 'Widget',
      metadata: { name: 'w' },
      status,
    });
    const { code, stderr } = await place.tryKubectl(
      ['apply', '--server-side', '--field-manager=st', '--subresource=status', '-f', '-'],
      { input },
    );
    assert.equal(code, 0, stderr);
    const object = await show(place);
    assert.deepEqual(object.status, status);
    const entry = object.metadata.managedFields.find(({ manager }) => manager === 'st');
    assert.deepEqual([entry?.operation, entry?.subresource], ['Apply', 'status']);
    assert.equal(object.metadata.generation, 1);
  });

  it('refuses fields that are not in the schema', async (t) => {
    const place = await openPlace(t);
    const { code, stderr } = await apply(place, 'a', { image: 'x', bogus: 1 });
    assert.equal(code, 1);
    assert.match(stderr, /\.spec\.bogus: field not declared in schema/);
  });

  it('may be tried without effect', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x' }, '--dry-run=server');
    const { code } = await place.tryKubectl(['get', widgets.resource, 'w']);
    assert.equal(code, 1);
  });

  it('is owned by scale when scaled, and says so to the next applier', async (t) => {
    const place = await openPlace(t);
    await applied(place, 'a', { image: 'x', replicas: 2 });
    await place.kubectl('scale', widgets.resource, 'w', '--replicas=4');
    const object = await show(place);
    assert.ok(object.metadata.managedFields.some(({ subresource }) => subresource === 'scale'));
    const { code, stderr } = await apply(place, 'a', { image: 'x', replicas: 2 });
    assert.equal(code, 1);
    assert.match(stderr, /with subresource "scale"[^:]*: \.spec\.replicas/);
  });
});

const deployment = (image: string, replicas?: number) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web' },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      serviceName: 'web',
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            { name: 'c', image, ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] },
          ],
        },
      },
    },
  });

const applyFile = async (place: Place, input: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await place.tryKubectl(['apply', '-f', '-', ...args], { input });
  assert.equal(code, 0, stderr);
  return stdout;
};

describe('apply of a built-in kind', { concurrency: 2 }, () => {
  it('by kubectl itself creates, leaves alone, changes, and keeps what others set', async (t) => {
    const place = await openPlace(t);
    assert.match(await applyFile(place, deployment('x:1', 0)), /created/);
    assert.match(await applyFile(place, deployment('x:1', 0)), /unchanged/);
    await place.kubectl('set', 'env', 'statefulset/web', 'B=2');
    assert.match(await applyFile(place, deployment('x:2', 0)), /configured/);
    const path = '{.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[*].name}';
    assert.equal(await place.kubectl('get', 'statefulset', 'web', '-o', `jsonpath=${path}`), 'x:2 A B');
  });

  it('moves from the client to the server without a conflict', async (t) => {
    const place = await openPlace(t);
    await applyFile(place, deployment('x:1', 0));
    await applyFile(place, deployment('x:2', 0), '--server-side');
    const image = '{.spec.template.spec.containers[0].image}';
    assert.equal(await place.kubectl('get', 'statefulset', 'web', '-o', `jsonpath=${image}`), 'x:2');
  });

  it('on the server keys ports by number and protocol, given or not', async (t) => {
    const place = await openPlace(t);
    await applyFile(place, deployment('x:1', 0), '--server-side', '--field-manager=op');
    const object = await place.kubectl('get', 'statefulset', 'web', '-o', 'json', '--show-managed-fields');
    assert.match(object, /k:\{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"\}/);
  });

  it('shows the difference before it is made', async (t) => {
    const place = await openPlace(t);
    await applyFile(place, deployment('x:1', 0));
    const same = await place.tryKubectl(['diff', '-f', '-'], { input: deployment('x:1', 0) });
    assert.equal(same.code, 0, same.stdout);
    const { code, stdout } = await place.tryKubectl(['diff', '-f', '-'], { input: deployment('x:2', 0) });
    assert.equal(code, 1);
    assert.match(stdout, /-\s+- image: x:1|-\s+image: x:1/);
    assert.match(stdout, /\+\s+- image: x:2|\+\s+image: x:2/);
  });
});
