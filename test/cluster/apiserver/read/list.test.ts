import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { at, numberAt, objectsAt, stringAt } from '../../../../operator/schema/json.ts';
import { configMap, core, made, namesOf, openServer, version } from '../test-client.ts';

describe('lists', () => {
  it('are of one moment, whatever happens between two pages', async (t) => {
    const api = await openServer(t);
    for (const name of ['a', 'b', 'c', 'd']) await made(api, `${core}/configmaps`, configMap(name));
    const first = await api.call('GET', `${core}/configmaps?limit=2`);
    assert.equal(numberAt(first.body, 'metadata', 'remainingItemCount'), 2);
    await api.call('DELETE', `${core}/configmaps/c`);
    await made(api, `${core}/configmaps`, configMap('bb'));
    const token = encodeURIComponent(stringAt(first.body, 'metadata', 'continue') ?? '');
    const second = await api.call('GET', `${core}/configmaps?limit=2&continue=${token}`);
    assert.deepEqual([...namesOf(first.body), ...namesOf(second.body)], ['a', 'b', 'c', 'd']);
    assert.equal(version(first.body), version(second.body));
  });

  it('refuse a page of a moment that is forgotten', async (t) => {
    const api = await openServer(t, { historyMax: 4 });
    for (const name of ['a', 'b', 'c']) await made(api, `${core}/configmaps`, configMap(name));
    const first = await api.call('GET', `${core}/configmaps?limit=1`);
    for (let i = 0; i < 10; i++) await made(api, `${core}/configmaps`, configMap(`x${i}`));
    const token = encodeURIComponent(stringAt(first.body, 'metadata', 'continue') ?? '');
    const { status, body } = await api.call('GET', `${core}/configmaps?limit=1&continue=${token}`);
    assert.deepEqual([status, at(body, 'reason')], [410, 'Expired']);
  });

  it('go back to an exact revision', async (t) => {
    const api = await openServer(t);
    const a = await made(api, `${core}/configmaps`, configMap('a'));
    await made(api, `${core}/configmaps`, configMap('b'));
    const query = `resourceVersion=${version(a)}&resourceVersionMatch=Exact`;
    assert.deepEqual(namesOf((await api.call('GET', `${core}/configmaps?${query}`)).body), ['a']);
  });

  it('are told as metadata only when asked', async (t) => {
    const api = await openServer(t);
    await made(api, `${core}/configmaps`, { ...configMap('a'), data: { k: 'v' } });
    const headers = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };
    const { body } = await api.call('GET', `${core}/configmaps`, undefined, { headers });
    assert.deepEqual(
      [body['kind'], objectsAt(body, 'items')[0]?.['data']],
      ['PartialObjectMetadataList', undefined],
    );
  });

  it('cannot be had as protobuf only', async (t) => {
    const api = await openServer(t);
    const headers = { accept: 'application/vnd.kubernetes.protobuf' };
    assert.equal((await api.call('GET', `${core}/configmaps`, undefined, { headers })).status, 406);
  });
});

describe('unknown paths', () => {
  it('are a bare page, as clients expect', async (t) => {
    const api = await openServer(t);
    for (const path of [
      '/nope',
      '/apis/nope.example.com/v1',
      '/apis/apps/v1/namespaces/default/nopes',
      '/api/v2/pods',
    ]) {
      const { status, text } = await api.call('GET', path);
      assert.deepEqual([status, text], [404, '404 page not found\n'], path);
    }
  });
});
