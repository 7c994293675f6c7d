import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Server } from 'node:http';
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
