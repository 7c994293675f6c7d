import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { at, objectsAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { made, openServer, type TestServer } from '../test-client.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const things = '/apis/example.com/v1/namespaces/default/things';

const definition = (properties: JsonObject, version = 'v1'): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties } },
      },
    ],
  },
});

const number = (more: JsonObject = {}): JsonObject => ({ type: 'integer', ...more });

async function changed(api: TestServer, next: JsonObject): Promise<void> {
  const spec = { spec: next['spec'] };
  const { status, text } = await api.call('PATCH', `${definitions}/things.example.com`, spec, {
    type: 'application/merge-patch+json',
  });
  assert.equal(status, 200, text);
}

describe('a definition', () => {
  it('is served as soon as it is written, and says so in its status', async (t) => {
    const api = await openServer(t);
    await made(api, definitions, definition({ a: number() }));
    await made(api, things, { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, a: 1 });
    const { body } = await api.call('GET', `${definitions}/things.example.com`);
    const conditions = objectsAt(body, 'status', 'conditions').map(({ type, status }) => [type, status]);
    assert.deepEqual(conditions, [
      ['NamesAccepted', 'True'],
      ['Established', 'True'],
    ]);
    assert.deepEqual(at(body, 'status', 'storedVersions'), ['v1']);
  });

  it('shows stored objects by its newest schema, without writing them', async (t) => {
    const api = await openServer(t);
    await made(api, definitions, definition({ a: number(), b: number() }));
    const before = await made(api, things, {
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 't' },
      a: 1,
      b: 2,
    });
    await changed(api, definition({ a: number(), c: number({ default: 3 }) }));
    const { body } = await api.call('GET', `${things}/t`);
    assert.deepEqual([body['a'], body['b'], body['c']], [1, undefined, 3]);
    assert.equal(at(body, 'metadata', 'resourceVersion'), at(before, 'metadata', 'resourceVersion'));
  });

  it('does not turn away an unchanged part that a stricter schema would refuse', async (t) => {
    const api = await openServer(t);
    await made(api, definitions, definition({ a: number(), b: number() }));
    await made(api, things, {
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 't' },
      a: 9,
      b: 1,
    });
    await changed(api, definition({ a: number({ maximum: 3 }), b: number() }));
    const set = (fields: JsonObject) =>
      api.call('PATCH', `${things}/t`, fields, { type: 'application/merge-patch+json' });
    assert.equal((await set({ b: 2 })).status, 200);
    assert.equal((await set({ a: 8 })).status, 422);
  });

  it('cannot change its kind or scope', async (t) => {
    const api = await openServer(t);
    await made(api, definitions, definition({}));
    const { status } = await api.call(
      'PATCH',
      `${definitions}/things.example.com`,
      { spec: { scope: 'Cluster' } },
      { type: 'application/merge-patch+json' },
    );
    assert.equal(status, 422);
  });
});
