import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { systemClock } from '../../common/clock-system.ts';
import { AppError } from '../../common/errors.ts';
import { FakeClock } from '../../test/fakes/clock.ts';
import {
  json,
  refusal,
  startScriptedApi,
  statusBody,
  until,
  type Answer,
  type ScriptedApi,
} from '../../test/fakes/scripted-api.ts';
import type { KubeClient } from './client.ts';
import type { KubeObject } from './kube.ts';
import { configMaps, leases, namespaces, pods, type ConfigMap, type Pod } from './resources.ts';

const pod = (name: string, resourceVersion = '1'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion },
});

async function failing(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => assert.fail('it succeeded'),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof AppError, String(error));
  return error;
}

describe('the API client', () => {
  let api: ScriptedApi;
  let client: KubeClient;
  const open: ScriptedApi['open'] = (...options) => (client = api.open(...options));

  beforeEach(async () => {
    api = await startScriptedApi();
  });
  afterEach(() => api.close());

  it('of a process that may not write any more sends no write, not even once more, and still reads', async () => {
    open();
    let mayWrite = true;
    const fenced = client.fenced(() => mayWrite);
    api.answer = (...exchange) => {
      // The lead is lost while the first attempt is on its way; the server asks to try again.
      mayWrite = false;
      json(statusBody(429, 'TooManyRequests'), 429, { 'retry-after': '1' })(...exchange);
    };
    const late = await failing(fenced.apply(pods, pod('a')));
    assert.match(late.message, /does not lead/);
    assert.equal(api.seen.length, 1);
    api.answer = json(pod('a'));
    assert.equal((await failing(fenced.delete(pods, pod('a')))).code, 'unavailable');
    assert.equal((await fenced.get(pods, { namespace: 'ns', name: 'a' }))?.metadata.name, 'a');
    assert.deepEqual(
      api.seen.map(({ method }) => method),
      ['PATCH', 'GET'],
    );
  });

  it('waits for nobody with what goes beside the others, as the lease does while their requests hang', async () => {
    open();
    const lead = { namespace: 'ns', name: 'lead' };
    api.answer = (...exchange) => {
      if (exchange[1].path.includes('/leases/')) json({ metadata: lead })(...exchange);
    };
    const hanging = Array.from({ length: 64 }, (_, i) =>
      failing(client.get(pods, { namespace: 'ns', name: `p-${String(i)}` })),
    );
    await until(() => api.seen.length === 64);
    const waits = failing(client.get(leases, lead));
    assert.equal((await client.beside().get(leases, lead))?.metadata.name, 'lead');
    assert.equal(api.seen.length, 65);
    await client.close();
    await Promise.all([...hanging, waits]);
  });

  describe('sends', () => {
    it('every verb to the path the API serves it at, as the right owner of fields', async () => {
      open();
      const map: ConfigMap = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'm', namespace: 'ns' },
      };
      const cr = {
        apiVersion: 'lingua.dev/v1alpha1',
        kind: 'SchedulerCluster',
        plural: 'schedulerclusters',
      };
      await client.get(namespaces, { namespace: '', name: 'ns' });
      await client.create(configMaps, map);
      await client.apply(configMaps, map);
      await client.applyStatus(cr, { ...map, apiVersion: cr.apiVersion, kind: cr.kind });
      await client.update(configMaps, map);
      await client.patch(configMaps, { namespace: 'ns', name: 'm' }, { data: null });
      await client.subresource({
        resource: pods,
        name: { namespace: 'ns', name: 'p' },
        subresource: 'binding',
        method: 'POST',
        body: {},
      });
      const asked = api.seen.map(
        ({ method, path, query }) => `${method} ${path.slice(13)} ${query.toString()}`,
      );
      assert.deepEqual(asked, [
        'GET /api/v1/namespaces/ns ',
        'POST /api/v1/namespaces/ns/configmaps fieldManager=tester',
        'PATCH /api/v1/namespaces/ns/configmaps/m fieldManager=tester&force=true',
        'PATCH /apis/lingua.dev/v1alpha1/namespaces/ns/schedulerclusters/m/status fieldManager=tester-status&force=true',
        'PUT /api/v1/namespaces/ns/configmaps/m fieldManager=tester',
        'PATCH /api/v1/namespaces/ns/configmaps/m fieldManager=tester',
        'POST /api/v1/namespaces/ns/pods/p/binding fieldManager=tester',
      ]);
      const types = api.seen.map(({ headers }) => headers['content-type']);
      assert.equal(types[0], undefined);
      assert.equal(types[2], 'application/apply-patch+yaml');
      assert.equal(types[5], 'application/merge-patch+json');
      assert.equal(api.seen[0]!.headers.authorization, 'Bearer secret');
      assert.equal(api.seen[0]!.headers['user-agent'], 'lingua-test');
    });

    it('a delete of exactly this object, its dependents after it', async () => {
      open();
      await client.delete(pods, pod('p'), { gracePeriodSeconds: 0 });
      assert.deepEqual(JSON.parse(api.seen[0]!.body), {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        preconditions: { uid: 'uid-p' },
        gracePeriodSeconds: 0,
      });
    });

    it('500 requests one after another over at most two connections', async () => {
      open();
      for (let i = 0; i < 500; i++) await client.get(pods, { namespace: 'ns', name: 'p' });
      assert.equal(api.seen.length, 500);
      assert.ok(api.connections <= 2, `${api.connections} connections`);
    });

    it('goes on with one connection when the server closes idle ones', async () => {
      api.answer = json({}, 200, { connection: 'close' });
      open();
      for (let i = 0; i < 5; i++) await client.get(pods, { namespace: 'ns', name: 'p' });
      assert.equal(api.seen.length, 5);
    });

    it('the token that a credential plugin gives now, not the one it gave at the start', async () => {
      const counter = path.join(api.directory, 'count');
      writeFileSync(counter, '');
      const script = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(counter)}, 'x');
        const token = 'token-' + fs.readFileSync(${JSON.stringify(counter)}, 'utf8').length;
        const expirationTimestamp = new Date(Date.now() - 1000).toISOString();
        console.log(JSON.stringify({ kind: 'ExecCredential', status: { token, expirationTimestamp } }));`;
      let skew = 0;
      open(
        { clock: { ...api.clock, monotonic: () => systemClock.monotonic() + skew } },
        { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] } }, // prettier-ignore
      );
      await client.get(pods, { namespace: 'ns', name: 'p' });
      await client.get(pods, { namespace: 'ns', name: 'p' });
      skew = 11_000;
      await client.get(pods, { namespace: 'ns', name: 'p' });
      const tokens = api.seen.map(({ headers }) => headers.authorization);
      assert.deepEqual(tokens, ['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
    });

    it('nothing when the credential plugin fails, and says so', async () => {
      open({}, { exec: { command: process.execPath, args: ['-e', 'process.exit(3)'] } });
      const error = await failing(client.create(pods, pod('p')));
      assert.equal(error.code, 'unavailable');
      assert.match(error.message, /credentials/);
      assert.equal(api.seen.length, 0);
    });

    it('knows its namespace from the context', () => {
      assert.equal(open().namespace, 'mine');
      assert.equal(open({ context: 'other' }).namespace, 'default');
      assert.throws(() => open({ context: 'nobody' }), { code: 'config' });
      assert.throws(() => open({ kubeconfig: path.join(api.directory, 'none') }), { code: 'config' });
    });
  });

  describe('understands', () => {
    const cases = [
      [400, 'BadRequest', 'invalid'],
      [401, 'Unauthorized', 'forbidden'],
      [403, 'Forbidden', 'forbidden'],
      [404, 'NotFound', 'not_found'],
      [409, 'Conflict', 'conflict'],
      [415, 'UnsupportedMediaType', 'invalid'],
      [422, 'Invalid', 'invalid'],
      [500, 'InternalError', 'unavailable'],
      [503, 'ServiceUnavailable', 'unavailable'],
      [504, 'Timeout', 'timeout'],
    ] as const;
    for (const [code, reason, expected] of cases) {
      it(`${code} as ${expected}, after one attempt`, async () => {
        api.answer = json(statusBody(code, reason, 'told so'), code);
        const error = await failing(open().apply(pods, pod('p')));
        assert.equal(error.code, expected);
        assert.equal(error.facts['status'], code);
        assert.equal(error.facts['reason'], reason);
        assert.match(error.message, /PATCH .*pods\/p: told so/);
        assert.equal(api.seen.length, 1);
      });
    }

    it('the 500 for a field that no schema knows as something a person must mend', async () => {
      const message = 'failed to create typed patch object: .spec.x: field not declared in schema';
      api.answer = json(statusBody(500, '', message), 500);
      assert.equal((await failing(open().apply(pods, pod('p')))).code, 'invalid');
    });

    it('an object that is not there as undefined, and its deletion as done', async () => {
      api.answer = refusal(404, 'NotFound');
      assert.equal(await open().get(pods, { namespace: 'ns', name: 'p' }), undefined);
      await client.delete(pods, pod('p'));
    });

    it('a refused delete as done when the name belongs to another object by now', async () => {
      api.answer = (response, { method }) => {
        const other = { ...pod('p'), metadata: { ...pod('p').metadata, uid: 'another' } };
        if (method === 'DELETE') refusal(409, 'Conflict')(response, api.seen[0]!, 0);
        else json(other)(response, api.seen[0]!, 0);
      };
      await open().delete(pods, pod('p'));
    });

    it('a refused delete as refused while the object is still there', async () => {
      api.answer = (response, { method }) => {
        if (method === 'DELETE') refusal(409, 'Conflict')(response, api.seen[0]!, 0);
        else json(pod('p'))(response, api.seen[0]!, 0);
      };
      assert.equal((await failing(open().delete(pods, pod('p')))).code, 'conflict');
    });

    it('a page of HTML as no answer at all', async () => {
      api.answer = (response) => response.end('<html>please log in</html>');
      const error = await failing(open().get(pods, { namespace: 'ns', name: 'p' }));
      assert.equal(error.code, 'unavailable');
      assert.match(error.message, /not JSON/);
    });
  });

  describe('tries again', () => {
    const breakFirst =
      (times: number, how: (response: ServerResponse) => void): Answer =>
      (response, one, count) => {
        if (count <= times) how(response);
        else json(pod('p'))(response, one, count);
      };
    const reset = (response: ServerResponse) => void response.destroy();
    const cutMidBody = (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"kind":"Pod",', () => response.destroy());
    };

    for (const [name, how] of [
      ['before an answer', reset],
      ['in the middle of one', cutMidBody],
    ] as const) {
      it(`a read, an apply and a guarded delete when the connection breaks ${name}`, async () => {
        const attempts: [string, () => Promise<unknown>][] = [
          ['GET', () => client.get(pods, { namespace: 'ns', name: 'p' })],
          ['PATCH', () => client.apply(pods, pod('p'))],
          ['DELETE', () => client.delete(pods, pod('p'))],
        ];
        open();
        for (const [method, attempt] of attempts) {
          api.seen = [];
          api.answer = breakFirst(2, how);
          await attempt();
          assert.deepEqual(api.seen.map((one) => one.method), [method, method, method]); // prettier-ignore
        }
      });
    }

    it('no write that might be done twice', async () => {
      api.answer = breakFirst(1, reset);
      open();
      const bare: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns' } };
      for (const attempt of [
        () => client.create(pods, pod('p')),
        () => client.update(pods, pod('p')),
        () => client.patch(pods, { namespace: 'ns', name: 'p' }, {}),
        () => client.delete(pods, bare),
      ]) {
        api.seen = [];
        assert.equal((await failing(attempt())).code, 'unavailable');
        assert.equal(api.seen.length, 1);
      }
    });

    it('three times at most, with growing pauses', async () => {
      api.answer = reset;
      assert.equal((await failing(open().get(pods, { namespace: 'ns', name: 'p' }))).code, 'unavailable');
      assert.equal(api.seen.length, 3);
      assert.equal(api.slept.length, 2);
      assert.ok(
        api.slept[0]! >= 100 && api.slept[0]! <= 200 && api.slept[1]! >= 200 && api.slept[1]! <= 400,
        String(api.slept),
      );
    });

    it('when a busy server says so, no sooner than it asks and never later than five seconds', async () => {
      api.answer = json(statusBody(429, 'TooManyRequests'), 429, { 'retry-after': '2' });
      const error = await failing(open().get(pods, { namespace: 'ns', name: 'p' }));
      assert.equal(error.facts['retryAfterMs'], 2000);
      assert.ok(api.slept.every((ms) => ms >= 2000 && ms <= 2500), String(api.slept)); // prettier-ignore
      api.slept = [];
      api.answer = json(statusBody(429, 'TooManyRequests'), 429, { 'retry-after': '600' });
      await failing(client.get(pods, { namespace: 'ns', name: 'p' }));
      assert.deepEqual(api.slept, [5000, 5000]);
    });
  });

  it('tries again when a busy server does not say when', async () => {
    api.answer = (response, one, count) => {
      (count === 1 ? refusal(429, 'TooManyRequests') : json(pod('p')))(response, one, count);
    };
    assert.equal((await open().get(pods, { namespace: 'ns', name: 'p' }))?.metadata.name, 'p');
    assert.equal(api.slept.length, 1);
  });

  describe('gives up', () => {
    /** A request that is sent, seen by the server if it gets that far, and then waits for ten seconds. */
    const waitInVain = async (work: (client: KubeClient) => Promise<unknown>, user?: object) => {
      const time = new FakeClock();
      const failed = failing(work(open({ clock: time }, user)));
      if (!user) await until(() => api.seen.length === 1);
      await time.advance(9_999);
      await time.advance(1);
      return failed;
    };

    it('a request whose headers do not come in time', async () => {
      api.answer = () => {};
      const error = await waitInVain((kube) => kube.get(pods, { namespace: 'ns', name: 'p' }));
      assert.equal(error.code, 'timeout');
      assert.equal(api.seen.length, 1);
    });

    it('a request whose body stops in the middle', async () => {
      api.answer = (response) => {
        response.writeHead(200);
        response.write('{"kind":');
      };
      const error = await waitInVain((kube) => kube.get(pods, { namespace: 'ns', name: 'p' }));
      assert.equal(error.code, 'timeout');
    });

    it('a request while its credential plugin hangs', { timeout: 60_000 }, async () => {
      // It goes on until the test has cleaned up.
      const here = JSON.stringify(api.directory);
      const hang = `setInterval(() => require('fs').existsSync(${here}) || process.exit(), 20);`;
      const error = await waitInVain((kube) => kube.create(pods, pod('p')), {
        exec: { command: process.execPath, args: ['-e', hang] },
      });
      assert.equal(error.code, 'timeout');
      assert.equal(api.seen.length, 0);
    });

    it('an answer that is too large, without reading it to its end', async () => {
      const chunk = 'x'.repeat(64 * 1024);
      let sent = 0;
      api.answer = (response) => {
        response.writeHead(200);
        const more = () => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        };
        response.on('drain', more);
        more();
      };
      const error = await failing(
        open({ answerBytesMax: 500_000 }).get(pods, { namespace: 'ns', name: 'p' }),
      );
      assert.equal(error.code, 'invalid');
      assert.match(error.message, /larger than 500000 bytes/);
      assert.ok(sent < 20_000_000, `${sent} bytes sent`);
    });
  });
});
