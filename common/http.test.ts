import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import type { Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { selfSigned } from '../test/cluster/apiserver/http/certificate.ts';
import { fakeLog } from '../test/fakes/log.ts';
import { closeServer, createHttpServer, listen, text } from './http.ts';

let server: Server;
let port: number;
before(async () => {
  const patience = {
    headersTimeout: 300,
    requestTimeout: 300,
    connectionsCheckingInterval: 50,
    keepAliveTimeout: 300,
    maxHeaderSize: 16 * 1024,
  };
  const routes = {
    'GET /livez': () => text(200, 'ok\n'),
    'GET /same': () => ({ status: 304, body: '' }),
  };
  server = createHttpServer(routes, fakeLog().log, patience);
  port = await listen(server, { host: '127.0.0.1', port: 0 });
});
after(() => closeServer(server));

/** Everything the server says until it hangs up. */
async function answerTo(send: (socket: Socket) => void): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  send(socket);
  await once(socket, 'close');
  return answer;
}

describe('the HTTP server', () => {
  it('hangs up on who connects and says nothing', async () => {
    await answerTo(() => undefined);
  });

  it('hangs up on who sends a byte of its headers now and then', async () => {
    const answer = await answerTo((socket) => {
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n');
      const drip = setInterval(() => socket.write('X-A: b\r\n'), 50);
      socket.once('close', () => {
        clearInterval(drip);
      });
    });
    assert.match(answer, /^HTTP\/1\.1 408 /);
  });

  it('says how long an answer is, and to HEAD says only that', async () => {
    const answers = await answerTo((socket) =>
      socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\nHEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n'),
    );
    assert.equal(answers.match(/^content-length: 3\r$/gm)?.length, 2, answers);
    assert.equal(answers.match(/^ok$/gm)?.length, 1, answers);
    assert.doesNotMatch(answers, /chunked/i);
  });

  it('tells no length of what is not modified, because that would be the length of what the client has', async () => {
    const answer = await answerTo((socket) => socket.write('GET /same HTTP/1.1\r\nHost: x\r\n\r\n'));
    assert.match(answer, /^HTTP\/1\.1 304 /);
    assert.doesNotMatch(answer, /content-length/i);
  });

  it('tells browsers to take every answer for what it says it is', async () => {
    const answer = await answerTo((socket) => socket.write('GET /nope HTTP/1.1\r\nHost: x\r\n\r\n'));
    assert.match(answer, /^HTTP\/1\.1 404 [^]*\r\nx-content-type-options: nosniff\r\n/);
  });

  const heads: readonly [title: string, headers: string][] = [
    ['large', `X: ${'a'.repeat(20_000)}\r\n`],
    ['two thousand', 'a:b\r\n'.repeat(2000)],
  ];
  for (const [title, headers] of heads) {
    it(`refuses ${title} headers`, async () => {
      const request = `GET /livez HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
      assert.match(await answerTo((socket) => socket.write(request)), /^HTTP\/1\.1 431 /);
    });
  }

  it('answers an ordinary request', async () => {
    const request = 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    assert.match(await answerTo((socket) => socket.write(request)), /^HTTP\/1\.1 200 /);
  });
});

describe('closing the HTTP server', { timeout: 20_000 }, () => {
  /** Far longer than these tests: nothing may end because it took too long. */
  const patience = {
    headersTimeout: 3_600_000,
    requestTimeout: 3_600_000,
    connectionsCheckingInterval: 1000,
    keepAliveTimeout: 3_600_000,
    maxHeaderSize: 16 * 1024,
  };

  /** A server with one slow route, a client that is connected, and what the client has heard. */
  async function serving() {
    const asked = Promise.withResolvers<undefined>();
    const answered = Promise.withResolvers<undefined>();
    const slow = async () => {
      asked.resolve(undefined);
      await answered.promise;
      return text(200, 'done\n');
    };
    const routes = { 'GET /slow': slow, 'GET /livez': () => text(200, 'ok\n') };
    const closing = createHttpServer(routes, fakeLog().log, patience);
    const address = { host: '127.0.0.1', port: await listen(closing, { host: '127.0.0.1', port: 0 }) };
    const accepted = once(closing, 'connection');
    const socket = connect(address);
    let heard = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
    await accepted;
    const ended = once(socket, 'close');
    return { closing, socket, asked: asked.promise, answered, ended, heard: () => heard };
  }

  it('does not wait for who is connected and has asked nothing, as proxies are that connect in advance', async () => {
    const { closing, ended } = await serving();
    await closeServer(closing);
    await ended;
  });

  it('does not wait for a request that is not there yet, first or later', async () => {
    const { closing, socket, ended, heard } = await serving();
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /li');
    while (!heard().includes('ok\n')) await once(socket, 'data');
    await closeServer(closing);
    await ended;
  });

  it('waits for the answers to all requests of a connection, and no longer', async () => {
    const { closing, socket, asked, answered, ended, heard } = await serving();
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked;
    const closed = closeServer(closing);
    answered.resolve(undefined);
    await closed;
    await ended;
    assert.match(heard(), /^HTTP\/1\.1 200 [^]*done\nHTTP\/1\.1 200 [^]*ok\n$/);
  });

  it('leaves alone who was upgraded: that is no matter of HTTP any more', async () => {
    const other = createHttpServer({}, fakeLog().log);
    const upgraded = Promise.withResolvers<Duplex>();
    other.on('upgrade', (_, stream: Duplex) => {
      upgraded.resolve(stream);
    });
    const client = connect({ host: '127.0.0.1', port: await listen(other, { host: '127.0.0.1', port: 0 }) });
    client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: any\r\n\r\n');
    const stream = await upgraded.promise;
    const closed = closeServer(other);
    assert.equal(stream.destroyed, false);
    stream.write('still here');
    const [said] = (await once(client, 'data')) as [Buffer];
    assert.equal(said.toString(), 'still here');
    stream.destroy();
    client.destroy();
    await closed;
  });

  it('does the same over TLS', async () => {
    const asked = Promise.withResolvers<ServerResponse>();
    const { key, cert } = selfSigned(['localhost'], Date.now());
    const closing = createTlsServer({ key, cert }, (_, response) => {
      asked.resolve(response);
    });
    const port = await listen(closing, { host: '127.0.0.1', port: 0 });
    const connected = async () => {
      const socket = connectTls({ host: '127.0.0.1', port, ca: cert, servername: 'localhost' });
      await once(socket, 'secureConnect');
      return socket;
    };
    const silent = once(await connected(), 'close');
    const asking = await connected();
    asking.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await asked.promise;
    const closed = closeServer(closing);
    await silent;
    response.end('done');
    let heard = '';
    for await (const chunk of asking) heard += String(chunk);
    assert.match(heard, /^HTTP\/1\.1 200 [^]*done/);
    await closed;
  });
});
