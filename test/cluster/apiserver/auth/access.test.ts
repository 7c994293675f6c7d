import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { stringAt } from '../../../../operator/schema/json.ts';
import { core, openServer } from '../test-client.ts';

describe('access', () => {
  it('is refused to a token nobody gave out, and to nobody in particular', async (t) => {
    const api = await openServer(t);
    assert.equal((await api.call('GET', `${core}/pods`, undefined, { token: 'made-up' })).status, 401);
    const { status, body } = await api.call('GET', `${core}/pods`, undefined, { token: '' });
    assert.deepEqual(
      [status, body['message']],
      [
        403,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
      ],
    );
    assert.equal((await api.call('GET', '/readyz', undefined, { token: '' })).text, 'ok');
  });

  it('ends with the token, and with its account', async (t) => {
    const api = await openServer(t);
    const tokenFor = async (): Promise<string> => {
      const asked = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 600 },
      };
      const { body } = await api.call('POST', `${core}/serviceaccounts/default/token`, asked);
      return stringAt(body, 'status', 'token') ?? '';
    };
    const status = async (token: string): Promise<number> =>
      (await api.call('GET', '/api', undefined, { token })).status;
    const token = await tokenFor();
    assert.equal(await status(token), 200);
    await api.clock.advance(601_000);
    assert.equal(await status(token), 401);
    const second = await tokenFor();
    await api.call('DELETE', `${core}/serviceaccounts/default`);
    assert.equal(await status(second), 401);
  });

  it('as somebody else needs the right to impersonate', async (t) => {
    const api = await openServer(t);
    const headers = { 'impersonate-user': 'bob' };
    assert.equal((await api.call('GET', `${core}/pods`, undefined, { headers })).status, 403);
    const masters = { ...headers, 'impersonate-group': 'system:masters' };
    assert.equal((await api.call('GET', `${core}/pods`, undefined, { headers: masters })).status, 200);
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const { body } = await api.call('POST', `${core}/serviceaccounts/default/token`, asked);
    const token = stringAt(body, 'status', 'token') ?? '';
    const refused = await api.call('GET', '/api', undefined, { token, headers: masters });
    assert.equal(refused.status, 403);
  });
});
