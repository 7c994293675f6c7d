import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../../test/fakes/clock.ts';
import { until } from '../../test/fakes/scripted-api.ts';
import { createConnections, type Connections } from './connections.ts';

describe('connections to a server', () => {
  const clock = new FakeClock();
  let server: Server;
  let sockets: Set<Socket>;
  let opened: number;
  let heard: { method: string; url: string; body: string }[];
  let connections: Connections;
  let url: URL;

  const listening = async (one: Server): Promise<URL> => {
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    return new URL(`http://127.0.0.1:${String((one.address() as AddressInfo).port)}/ignored`);
  };
  const request = (path: string, body?: string, signal = new AbortController().signal, method = 'POST') =>
    connections.request({
      ...{ server: url, path, body, signal, headers: { 'x-test': 'yes' } },
      method: body === undefined ? 'GET' : method,
    });

  beforeEach(async () => {
    heard = [];
    opened = 0;
    sockets = new Set();
    server = createServer((asked: IncomingMessage, response) => {
      void text(asked).then((body) => {
        heard.push({ method: asked.method ?? '', url: asked.url ?? '', body });
        if (asked.url === '/endless') response.write('begun\n');
        else if (asked.url !== '/silent') response.end(`${String(asked.headers['x-test'])} ${body}`);
      });
    });
    server.on('connection', (socket) => {
      opened += 1;
      sockets.add(socket.on('close', () => sockets.delete(socket)));
    });
    url = await listening(server);
    connections = createConnections({}, clock);
  });
  afterEach(() => {
    connections.close();
    server.closeAllConnections();
    server.close();
  });

  it('carry one request after another over one of them, with path, headers and body as they are', async () => {
    for (const path of ['/a%2Fb?limit=1&continue=x%3D', '/../b']) {
      const { statusCode, body } = await request(path, '{"é":1}');
      assert.equal(statusCode, 200);
      assert.equal(await text(body), 'yes {"é":1}');
    }
    assert.deepEqual(heard, [
      { method: 'POST', url: '/a%2Fb?limit=1&continue=x%3D', body: '{"é":1}' },
      { method: 'POST', url: '/../b', body: '{"é":1}' },
    ]);
    assert.equal(opened, 1);
  });

  it('carry the body of a DELETE as its body', async () => {
    for (const path of ['/a', '/b']) {
      const { body } = await request(path, '{"x":"é"}', undefined, 'DELETE');
      assert.equal(await text(body), 'yes {"x":"é"}');
    }
    assert.deepEqual(
      heard.map(({ method, url }) => `${method} ${url}`),
      ['DELETE /a', 'DELETE /b'],
    );
  });

  it('are as many as there are requests at a time: a watch is in nobody’s way', async () => {
    const { body } = await request('/endless');
    await text((await request('/')).body);
    assert.equal(opened, 2);
    body.destroy();
  });

  it('are no more than a server can greet at once, however many requests there are, and watches are not counted', async () => {
    const watch = { server: url, method: 'GET', headers: {}, body: undefined, goesBeside: true };
    const { signal } = new AbortController();
    const endless = await Promise.all(
      Array.from({ length: 70 }, () => connections.request({ ...watch, path: '/endless', signal })),
    );
    assert.equal(opened, 70);
    const answers = Array.from({ length: 200 }, async () => text((await request('/')).body));
    assert.equal((await Promise.all(answers)).length, 200);
    assert.equal(opened, 70 + 64);
    for (const { body } of endless) body.destroy();
  });

  it('break when the signal says so, before the answer and in the middle of it', async () => {
    const before = new AbortController();
    const asked = request('/silent', undefined, before.signal);
    await until(() => heard.length === 1);
    before.abort();
    await assert.rejects(asked);

    const during = new AbortController();
    const { body } = await request('/endless', undefined, during.signal);
    during.abort();
    await assert.rejects(text(body));
    await until(() => sockets.size === 0);
  });

  it('that are closed break what is in flight, and carry nothing after', async () => {
    const silent = request('/silent');
    const { body } = await request('/endless');
    await until(() => heard.length === 2);
    connections.close();
    await assert.rejects(silent);
    await assert.rejects(text(body));
    await assert.rejects(request('/'), /closed/);
    await until(() => sockets.size === 0);
  });

  it('that are retired end when what they carry has ended', async () => {
    const { body } = await request('/endless');
    await text((await request('/')).body);
    let isOver = false;
    const retired = connections.retire().then(() => (isOver = true));
    await until(() => sockets.size === 1);
    assert.equal(isOver, false);
    body.destroy();
    await retired;
    await until(() => sockets.size === 0);
  });

  it('are told broken when the server hangs up, or is not there', async () => {
    server.on('request', () => {
      for (const socket of sockets) socket.destroy();
    });
    await assert.rejects(request('/silent'));
    server.closeAllConnections();
    server.close();
    await assert.rejects(request('/'), { code: 'ECONNREFUSED' });
  });

  it('are given up when nobody lets them in', async () => {
    // It accepts, and says nothing that TLS could begin with.
    server.close();
    const mute = createTcpServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    try {
      const asked = connections.request({
        ...{ server: new URL(`https://127.0.0.1:${String(port)}`), path: '/', method: 'GET' },
        ...{ headers: {}, body: undefined, signal: new AbortController().signal },
      });
      const refused = assert.rejects(asked, /no connection within/);
      await until(() => clock.pending > 0);
      await clock.advance(30_000);
      await refused;
    } finally {
      mute.close();
    }
  });

  it('go through a proxy where there is one', async () => {
    const asked: string[] = [];
    const proxy = createServer((through, response) => {
      asked.push(`${through.method ?? ''} ${through.url ?? ''}`);
      response.end('by the proxy');
    });
    proxy.on('connect', (tunnel, client: Socket) => {
      asked.push(`CONNECT ${tunnel.url ?? ''}`);
      const end = connect(Number(url.port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(end).pipe(client);
      });
      for (const side of [client, end])
        side.on('error', () => {
          client.destroy();
          end.destroy();
        });
    });
    try {
      const { origin } = await listening(proxy);
      connections = createConnections({ proxy: origin }, clock);
      assert.equal(await text((await request('/plain')).body), 'by the proxy');
      // What goes through the tunnel is TLS, which the plain server at its other end does not speak.
      const secure = { server: new URL(`https://127.0.0.1:${url.port}`), path: '/', body: undefined };
      const signal = new AbortController().signal;
      await assert.rejects(connections.request({ ...secure, method: 'GET', headers: {}, signal }));
      assert.deepEqual(asked, [`GET http://127.0.0.1:${url.port}/plain`, `CONNECT 127.0.0.1:${url.port}`]);
    } finally {
      connections.close();
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});
