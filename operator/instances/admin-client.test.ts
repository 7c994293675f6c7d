import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { Clock } from '../../common/clock.ts';
import { systemClock } from '../../common/clock-system.ts';
import { FakeClock } from '../../test/fakes/clock.ts';
import { reportOf } from '../../test/operator/surroundings.ts';
import { createAdminClient, type AdminClient } from './admin-client.ts';

/** Node tells of each request that is sent. */
const requestStart = 'http.client.request.start';

describe('the admin client', () => {
  let server: Server;
  let client: AdminClient;

  async function serve(
    listener: (...args: Parameters<RequestListener>) => unknown,
    timing: { timeoutMs?: number; clock?: Clock } = {},
  ): Promise<void> {
    server = createServer((request, response) => void listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = createAdminClient({
      clock: systemClock,
      timeoutMs: 20_000,
      ...timing,
      port: (server.address() as AddressInfo).port,
    });
  }

  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('shows the token and reads the report, also with fields it does not know', async () => {
    await serve(({ url, headers }, response) => {
      assert.equal(url, '/admin/v1/instance');
      assert.equal(headers.authorization, 'Bearer secret');
      response.end(JSON.stringify({ ...reportOf('demo-0', 0), fromTheFuture: 1 }));
    });
    const answer = await client.ask('127.0.0.1', 'secret');
    assert.equal(answer.kind === 'report' && answer.report.instanceId, 'demo-0');
  });

  it('asks for a drain with its time-out, and reads the report that comes back', async () => {
    let body = '';
    await serve(async (request, response) => {
      assert.equal(`${request.method!} ${request.url!}`, 'POST /admin/v1/drain');
      assert.equal(request.headers.authorization, 'Bearer secret');
      for await (const chunk of request) body += String(chunk);
      response.writeHead(202).end(JSON.stringify({ ...reportOf('demo-0', 0), phase: 'draining' }));
    });
    const answer = await client.drain('127.0.0.1', 'secret', { timeoutSeconds: 45, podUid: 'uid-0' });
    assert.equal(answer.kind === 'report' && answer.report.phase, 'draining');
    assert.deepEqual(JSON.parse(body), { timeoutSeconds: 45, podUid: 'uid-0' });
  });

  it('a refusal, nonsense, half a report and a flood are silence with a reason', async () => {
    const answers: [number, string][] = [
      [401, 'no'],
      [200, 'not json'],
      [200, '{"instanceId":"x"}'],
      [200, 'x'.repeat(1024 * 1024)],
    ];
    await serve((_, response) => {
      const [status, body] = answers.shift()!;
      response.writeHead(status).end(body);
    });
    while (answers.length > 0) {
      const answer = await client.ask('127.0.0.1', 't');
      assert.ok(answer.kind === 'silent' && answer.error.length > 0);
    }
  });

  it('a server that never ends its answer is given up in time', async () => {
    await serve((_, response) => void response.write('{'), { timeoutMs: 100 });
    const answer = await client.ask('127.0.0.1', 't');
    assert.ok(answer.kind === 'silent' && answer.error.includes('100 ms'));
  });

  it('of many questions of one moment a few begin in each turn of the event loop', async () => {
    await serve((_, response) => void response.end(JSON.stringify(reportOf('demo-0', 0))));
    let turn = 0;
    const count = () => {
      turn += 1;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const begunAt: number[] = [];
    const note = () => void begunAt.push(turn);
    subscribe(requestStart, note);
    await Promise.all(Array.from({ length: 20 }, () => client.ask('127.0.0.1', 't')));
    clearImmediate(counting);
    unsubscribe(requestStart, note);
    assert.deepEqual([begunAt.length, new Set(begunAt).size], [20, 5]);
  });

  it('the time of one begins with its turn', async () => {
    const clock = new FakeClock();
    await serve((_, response) => void response.end(JSON.stringify(reportOf('demo-0', 0))), { clock });
    const answers = Promise.all(Array.from({ length: 8 }, () => client.ask('127.0.0.1', 't')));
    await Promise.resolve();
    assert.equal(clock.pending, 0);
    assert.ok((await answers).every(({ kind }) => kind === 'report'));
  });

  it('who waits for a turn when the client is closed is not asked any more', async () => {
    let asked = 0;
    await serve((_, response) => {
      asked += 1;
      response.end(JSON.stringify(reportOf('demo-0', 0)));
    });
    const answers = Promise.all(Array.from({ length: 8 }, () => client.ask('127.0.0.1', 't')));
    await client.close();
    for (const answer of await answers) assert.deepEqual(answer, { kind: 'silent', error: 'closed' });
    assert.equal(asked, 0);
  });

  it('nobody there is silence too', async () => {
    await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    assert.equal((await client.ask('127.0.0.1', 't')).kind, 'silent');
  });
});
