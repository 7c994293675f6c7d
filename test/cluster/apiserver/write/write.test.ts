import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { objectsAt, stringAt, type JsonObject } from '../../../../operator/schema/json.ts';
import { configMap, core, made, openServer, version } from '../test-client.ts';

describe('writes', () => {
  it('of nothing new leave the resourceVersion alone', async (t) => {
    const api = await openServer(t);
    const before = await made(api, `${core}/configmaps`, configMap('a'));
    const { body } = await api.call('PUT', `${core}/configmaps/a`, before);
    assert.equal(version(body), version(before));
  });

  it('of what was read before the last change are refused', async (t) => {
    const api = await openServer(t);
    const before = await made(api, `${core}/configmaps`, configMap('a'));
    await api.call('PUT', `${core}/configmaps/a`, { ...before, data: { k: '1' } });
    const { status, body } = await api.call('PUT', `${core}/configmaps/a`, { ...before, data: { k: '2' } });
    assert.equal(status, 409);
    assert.match(
      stringAt(body, 'message') ?? '',
      /the object has been modified; please apply your changes to the latest version/,
    );
  });

  it('larger than the limit are cut off', async (t) => {
    const api = await openServer(t);
    const huge = { ...configMap('a'), data: { k: 'x'.repeat(3 * 1024 * 1024) } };
    const { status } = await api.call('POST', `${core}/configmaps`, huge).catch(() => ({ status: 413 }));
    assert.equal(status, 413);
  });

  it('into a missing or ending namespace are refused', async (t) => {
    const api = await openServer(t);
    assert.equal((await api.call('POST', '/api/v1/namespaces/nope/configmaps', configMap('a'))).status, 404);
    await made(api, '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'going' },
    });
    const ending = await api.call('DELETE', '/api/v1/namespaces/going');
    assert.equal(stringAt(ending.body, 'status', 'phase'), 'Terminating');
    const { status, body } = await api.call('POST', '/api/v1/namespaces/going/configmaps', configMap('a'));
    assert.deepEqual(
      [status, objectsAt(body, 'details', 'causes')[0]?.['reason']],
      [403, 'NamespaceTerminating'],
    );
    const { body: left } = await api.call('PUT', '/api/v1/namespaces/going/finalize', {
      ...ending.body,
      spec: {},
    });
    assert.equal(stringAt(left, 'metadata', 'name'), 'going');
    assert.equal((await api.call('GET', '/api/v1/namespaces/going')).status, 404);
  });

  it('of a MicroTime need exactly six digits', async (t) => {
    const api = await openServer(t);
    const lease = (renewTime: string): JsonObject => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { renewTime },
    });
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    for (const time of ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123Z']) {
      assert.equal((await api.call('POST', path, lease(time))).status, 400, time);
    }
    await made(api, path, lease('2026-01-01T00:00:00.123456Z'));
  });

  it('cannot make a name that is no name, with the reason in the answer', async (t) => {
    const api = await openServer(t);
    for (const name of ['UPPER', 'a_b', '-a', 'a'.repeat(254), '']) {
      assert.equal((await api.call('POST', `${core}/configmaps`, configMap(name))).status, 422, name);
    }
    const generated = await made(api, `${core}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'a-' },
    });
    assert.match(stringAt(generated, 'metadata', 'name') ?? '', /^a-[a-z0-9]{5}$/);
  });
});
