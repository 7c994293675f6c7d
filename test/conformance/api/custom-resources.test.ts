import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { openPlace, type Place } from '../workloads/place.ts';
import { useWidgets } from './widgets.ts';

const widgets = useWidgets();

const create = (place: Place, name: string, spec: object, ...args: string[]) =>
  place.tryKubectl(['create', '-f', '-', ...args], { input: widgets.manifest(name, spec) });

async function created(place: Place, name: string, spec: object): Promise<void> {
  const { code, stderr } = await create(place, name, spec);
  assert.equal(code, 0, stderr);
}

const read = (place: Place, name: string, path: string) =>
  place.kubectl('get', widgets.resource, name, '-o', `jsonpath=${path}`);

/** A spec and what kubectl must say about it. */
const refusals: readonly (readonly [string, object, RegExp])[] = [
  ['a missing field', {}, /spec\.image: Required value/],
  [
    'a number above its maximum',
    { image: 'a', replicas: 100 },
    /spec\.replicas: Invalid value: 100: spec\.replicas in body should be less than or equal to 64/,
  ],
  [
    'a word that is not in the list',
    { image: 'a', mode: 'x' },
    /spec\.mode: Unsupported value: "x": supported values: "fast", "safe"/,
  ],
  [
    'a wrong type',
    { image: 5 },
    /spec\.image: Invalid value: "integer": spec\.image in body must be of type string: "integer"/,
  ],
  [
    'too many items',
    { image: 'a', tags: ['1', '2', '3', '4'] },
    /spec\.tags: Too many: 4: must have at most 3 items/,
  ],
  ['a doubled member of a set', { image: 'a', tags: ['1', '1'] }, /spec\.tags\[1\]: Duplicate value: "1"/],
  [
    'a doubled key',
    { image: 'a', parts: [{ name: 'p' }, { name: 'p' }] },
    /spec\.parts\[1\]: Duplicate value: \{"name":"p"\}/,
  ],
  [
    'a broken rule',
    { image: 'a', replicas: 5, max: 3 },
    /spec: Invalid value: .*replicas must be less than or equal to max/,
  ],
];

describe('a custom resource', { concurrency: 2 }, () => {
  for (const [what, spec, message] of refusals) {
    it(`is refused for ${what}`, async (t) => {
      const place = await openPlace(t);
      const { code, stderr } = await create(place, 'w', spec);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.match(stderr, /The Widget "w" is invalid/);
    });
  }

  it('gets its defaults, and nulls give way to them', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a', nested: null });
    assert.equal(
      await read(place, 'w', '{.spec.replicas} {.spec.nested.deep} {.metadata.generation}'),
      '1 5 1',
    );
  });

  it('keeps integers and words in an int-or-string', async (t) => {
    const place = await openPlace(t);
    await created(place, 'number', { image: 'a', port: 80 });
    await created(place, 'word', { image: 'a', port: 'http' });
    const { code, stderr } = await create(place, 'neither', { image: 'a', port: true });
    assert.deepEqual([code, /must be of type integer,string: "boolean"/.test(stderr)], [1, true]);
  });

  it('is refused for unknown fields under strict validation, warned about or silently pruned otherwise', async (t) => {
    const place = await openPlace(t);
    const spec = { image: 'a', bogus: 1, nested: { odd: 2 } };
    const strict = await create(place, 'w', spec);
    assert.match(
      strict.stderr,
      /strict decoding error: unknown field "spec\.bogus", unknown field "spec\.nested\.odd"/,
    );
    const warned = await create(place, 'w', spec, '--validate=warn');
    assert.match(warned.stderr, /Warning: unknown field "spec\.bogus"/);
    const silent = await create(place, 'v', spec, '--validate=ignore');
    assert.equal(silent.stderr, '');
    assert.equal(await read(place, 'w', '{.spec.bogus}{.spec.nested.odd}'), '');
  });

  it('may not change what a transition rule holds fast', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a', serial: '1' });
    const change = ['patch', widgets.resource, 'w', '--type=merge', '-p', '{"spec":{"serial":"2"}}'];
    const { code, stderr } = await place.tryKubectl(change);
    assert.equal(code, 1);
    assert.match(stderr, /spec\.serial: Invalid value: "2": serial is immutable/);
  });

  it('has spec and status written through different doors', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    const patch = JSON.stringify({ spec: { image: 'b' }, status: { note: 'n' } });
    await place.kubectl('patch', widgets.resource, 'w', '--type=merge', '-p', patch);
    assert.equal(await read(place, 'w', '{.spec.image} {.status.note} {.metadata.generation}'), 'b  2');
    await place.kubectl(
      'patch',
      widgets.resource,
      'w',
      '--subresource=status',
      '--type=merge',
      '-p',
      patch.replace('"b"', '"c"'),
    );
    assert.equal(await read(place, 'w', '{.spec.image} {.status.note} {.metadata.generation}'), 'b n 2');
  });

  it('is scaled by its paths, within its bounds', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    await place.kubectl('scale', widgets.resource, 'w', '--replicas=7');
    assert.equal(await read(place, 'w', '{.spec.replicas}'), '7');
    const { code, stderr } = await place.tryKubectl(['scale', widgets.resource, 'w', '--replicas=65']);
    assert.equal(code, 1);
    assert.match(stderr, /should be less than or equal to 64/);
    const status = { status: { replicas: 6, selector: 'app=w' } };
    await place.kubectl(
      'patch',
      widgets.resource,
      'w',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify(status),
    );
    const scale = await place.kubectl(
      'get',
      widgets.resource,
      'w',
      '--subresource=scale',
      '-o',
      'jsonpath={.spec.replicas} {.status.replicas} {.status.selector}',
    );
    assert.equal(scale, '7 6 app=w');
  });

  it('is shown with its columns, by short name and category', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    const status = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
    await place.kubectl(
      'patch',
      widgets.resource,
      'w',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify(status),
    );
    const plain = (await place.kubectl('get', `wdg.${widgets.group}`))
      .split('\n')
      .map((line) => line.split(/\s+/).slice(0, 3));
    assert.deepEqual(plain.slice(0, 2), [
      ['NAME', 'REPLICAS', 'READY'],
      ['w', '1', 'True'],
    ]);
    assert.match(await place.kubectl('get', widgets.resource, '-o', 'wide'), /IMAGE/);
    assert.match(
      await place.kubectl('get', widgets.resource, '-o', 'name'),
      new RegExp(`^widget\\.${widgets.group}/w\n$`),
    );
  });

  it('is waited for by condition and by value', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    const waiting = place.kubectl('wait', `${widgets.resource}/w`, '--for=condition=Ready', '--timeout=180s');
    const status = { status: { note: 'done', conditions: [{ type: 'Ready', status: 'True' }] } };
    await place.kubectl(
      'patch',
      widgets.resource,
      'w',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify(status),
    );
    assert.match(await waiting, /condition met/);
    await place.kubectl(
      'wait',
      `${widgets.resource}/w`,
      '--for=jsonpath={.status.note}=done',
      '--timeout=180s',
    );
  });

  it('is explained field by field', async (t) => {
    const place = await openPlace(t);
    const whole = await place.kubectl('explain', widgets.resource);
    assert.match(whole, /A widget\./);
    assert.match(whole, /metadata\s+<ObjectMeta>/);
    const deep = await place.kubectl('explain', `${widgets.resource}.spec.nested.deep`);
    assert.match(deep, /FIELD: deep <integer>[\s\S]*How deep it is\./);
    const image = await place.kubectl('explain', `${widgets.resource}.spec`);
    assert.match(image, /image\s+<string> -required-/);
  });

  it('is described with its fields and events', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    const text = await place.kubectl('describe', widgets.resource, 'w');
    assert.match(text, /Kind:\s+Widget[\s\S]*Image:\s+a[\s\S]*Events:\s+<none>/);
  });

  it('cannot be replaced by what was read before the last change', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    const before = await place.kubectl('get', widgets.resource, 'w', '-o', 'json');
    await place.kubectl('scale', widgets.resource, 'w', '--replicas=2');
    const { code, stderr } = await place.tryKubectl(['replace', '-f', '-'], { input: before });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /the object has been modified; please apply your changes to the latest version and try again/,
    );
  });

  it('has no strategic merge', async (t) => {
    const place = await openPlace(t);
    await created(place, 'w', { image: 'a' });
    const { code, stderr } = await place.tryKubectl([
      'patch',
      widgets.resource,
      'w',
      '--type=strategic',
      '-p',
      '{"spec":{}}',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /application\/strategic-merge-patch\+json is not supported|unknown format/);
  });
});

describe('a definition', () => {
  it('must be structural, and its rules must compile', async (t) => {
    const place = await openPlace(t);
    const broken = (schema: object) => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `things.${widgets.group}` },
      spec: {
        group: widgets.group,
        scope: 'Namespaced',
        names: { plural: 'things', kind: 'Thing' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', ...schema } },
          },
        ],
      },
    });
    for (const [schema, message] of [
      [{ properties: { a: {} } }, /properties\[a\]\.type: Required value/],
      [
        { 'x-kubernetes-validations': [{ rule: 'self ===' }] },
        /x-kubernetes-validations\[0\]\.rule: Invalid value[\s\S]*compilation failed/,
      ],
    ] as const) {
      const { code, stderr } = await place.tryKubectl(['create', '-f', '-'], {
        input: JSON.stringify(broken(schema)),
      });
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });
});
