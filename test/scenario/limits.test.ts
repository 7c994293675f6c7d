/** What one scheduler takes from its peers and what it does not, on real sockets: whoever overdoes it pays for it alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { WebSocket, type ClientOptions } from 'ws';
import { paths } from '../../common/workload.ts';
import { eventually } from '../support/eventually.ts';
import { NodeClient, type NodeOptions } from '../support/node-client.ts';
import { startRedis } from '../support/redis.ts';
import { startScheduler, type ConfigTable, type Scheduler } from '../support/scheduler.ts';
import { SessionClient } from '../support/session-client.ts';

const mebibyte = 1024 * 1024;
let stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

/** A scheduler alone, without Redis: what is tested here is before all that. */
async function scheduler(
  config: ConfigTable = {},
  { openFiles, redisUrl = 'redis://127.0.0.1:1' }: { openFiles?: number; redisUrl?: string } = {},
): Promise<Scheduler> {
  const started = await startScheduler({
    instanceId: 'limits',
    redisUrl,
    keyPrefix: 'limits',
    config: { scheduler: { phase2: { enabled: false } }, ...config },
    environment: { LOG_LEVEL: 'info' },
    ...(openFiles === undefined ? {} : { openFiles }),
  });
  stops.push(() => started.kill());
  return started;
}

async function session(at: Scheduler): Promise<SessionClient> {
  const opened = await SessionClient.open(at.url);
  stops.push(() => {
    opened.resume();
    return opened.close();
  });
  return opened;
}

async function node(at: Scheduler, options: NodeOptions = {}): Promise<NodeClient> {
  const ready = await NodeClient.ready(at.url, options);
  stops.push(() => ready.close());
  return ready;
}

/** A bare socket; what becomes of its upgrade is the test's matter. */
function upgrade(at: Scheduler, options: ClientOptions = {}): WebSocket {
  const socket = new WebSocket(`${at.url.replace(/^http/, 'ws')}${paths.sessionSocket}`, options);
  socket.on('error', () => undefined);
  stops.push(() => {
    socket.terminate();
  });
  return socket;
}

async function refusal(
  socket: WebSocket,
): Promise<{ status: number; retryAfter: string | undefined; body: string }> {
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    AsyncIterable<Buffer> & { statusCode: number; headers: Record<string, string | undefined> },
  ];
  let body = '';
  for await (const chunk of response) body += chunk.toString();
  return { status: response.statusCode, retryAfter: response.headers['retry-after'], body };
}

async function isServed(client: SessionClient): Promise<void> {
  const before = client.log.ofType('server_heartbeat').length;
  client.send({ type: 'client_heartbeat', session_id: client.sessionId, timestamp: 1 });
  await eventually('the heartbeat is answered', () => client.log.ofType('server_heartbeat').length > before);
}

const residentBytes = (pid: number): number => {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
};

describe('a message that is too large', () => {
  it('closes its connection with 1009; a node may send larger ones than a client', async () => {
    const at = await scheduler({ limits: { max_payload_bytes: 10_000, max_node_payload_bytes: 40_000 } });
    const [client, worker] = [await session(at), await node(at, { answer: large(30_000) })];
    client.say({ index: 0 });
    const result = await client.result(0);
    assert.equal(String(result['tts_audio']).length, 30_000);
    client.send({ type: 'client_heartbeat', filler: 'x'.repeat(11_000) });
    assert.equal((await client.closed).code, 1009);
    worker.send({ type: 'node_heartbeat', filler: 'x'.repeat(41_000) });
    assert.equal((await worker.closed).code, 1009);
  });

  it('is refused unparsed when it would become millions of objects, and the connection stays', async () => {
    const at = await scheduler();
    const client = await session(at);
    const before = residentBytes(at.program.pid);
    for (let n = 0; n < 5; n++) client.sendRaw(`{"type":"utterance","x":[${'{},'.repeat(4_000_000)}{}]}`);
    await eventually('all are answered', () => client.log.ofType('error').length === 5);
    assert.match(String(client.log.ofType('error')[0]?.['message']), /too many parts/);
    await isServed(client);
    const grown = residentBytes(at.program.pid) - before;
    assert.ok(grown < 200 * mebibyte, `${String(grown / mebibyte)} MiB more`);
  });

  it('in thousands of pieces closes its connection', async () => {
    const at = await scheduler();
    const client = await SessionClient.connect(at.url);
    const socket = upgrade(at);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    for (let n = 0; n < 2000; n++) socket.send('x', { fin: false });
    assert.equal((await closed)[0], 1008);
    await client.close();
  });
});

describe('a connection more than there may be', () => {
  it('is refused with 503 and when to come again, and one that ends makes room', async () => {
    const at = await scheduler({ limits: { max_sessions: 1 } });
    const first = await session(at);
    assert.deepEqual(await refusal(upgrade(at)), { status: 503, retryAfter: '2', body: 'full\n' });
    await isServed(first);
    await first.close();
    await eventually('there is room again', async () => {
      const socket = upgrade(at);
      const open = await Promise.race([
        once(socket, 'open').then(() => true),
        refusal(socket).then(() => false),
      ]);
      return open;
    });
  });

  it('of one address is refused while others may come', async () => {
    const at = await scheduler({ limits: { max_connections_per_address: 2 } });
    await session(at);
    await node(at);
    assert.equal((await refusal(upgrade(at))).body, 'too many from this address\n');
    await once(upgrade(at, { localAddress: '127.99.0.1' }), 'open');
  });

  it('of a foreign web page is refused with 403, a client that is no browser is not', async () => {
    const at = await scheduler({ server: { allowed_origins: ['https://app.example'] } });
    assert.equal((await refusal(upgrade(at, { origin: 'https://evil.example' }))).status, 403);
    await once(upgrade(at, { origin: 'https://app.example' }), 'open');
    await once(upgrade(at), 'open');
  });

  it('is refused when files run out, and who is connected is served on', async () => {
    const at = await scheduler({}, { openFiles: 200 });
    const [client, worker] = [await session(at), await node(at)];
    const opened: WebSocket[] = [];
    let refused: { status: number; body: string } | undefined;
    while (!refused && opened.length < 200) {
      const socket = upgrade(at);
      refused = await Promise.race([once(socket, 'open').then(() => undefined), refusal(socket)]);
      opened.push(socket);
    }
    assert.equal(refused?.body, 'out of file descriptors\n');
    // Now beyond what it can even accept: sockets that never say what they want.
    const silent = Array.from({ length: 300 }, () => rawSocket(at));
    await Promise.all(silent.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    client.say({ index: 0 });
    await client.result(0);
    assert.equal(worker.jobs().length, 1);
    for (const socket of opened) socket.terminate();
    for (const socket of silent) socket.destroy();
    await eventually(
      'it accepts again',
      async () => (await at.get('/livez').catch(() => undefined))?.status === 200,
    );
  });
});

describe('a peer that overdoes it', () => {
  it('is read more slowly when it sends more than its rate, and loses nothing', async () => {
    const at = await scheduler({ limits: { messages_per_second: 50, messages_burst: 10 } });
    const [fast, other] = [await session(at), await session(at)];
    const began = performance.now();
    for (let n = 0; n < 40; n++)
      fast.send({ type: 'client_heartbeat', session_id: fast.sessionId, timestamp: n });
    await isServed(other);
    assert.ok(fast.log.ofType('server_heartbeat').length < 40);
    await eventually('all are answered', () => fast.log.ofType('server_heartbeat').length === 40);
    // 41 with the opening, of which 10 are free.
    assert.ok(performance.now() - began > (30 / 50) * 900);
  });

  it('is none when it is a node that says for each of its slots what one client may say', async () => {
    const at = await scheduler({
      limits: { messages_per_second: 1, messages_burst: 20 },
      scheduler: { phase2: { enabled: false }, max_concurrent_jobs_per_node: 32 },
    });
    const [client, worker] = [await session(at), await node(at, { slots: 32 })];
    // At one message a second it would be minutes until its result is read.
    for (let n = 0; n < 300; n++)
      worker.send({ type: 'node_error', node_id: worker.nodeId, code: 'X', message: 'x' });
    client.say({ index: 0 });
    await client.result(0);
  });

  it('is closed with 1013 when it does not read, and others get their answers meanwhile', async () => {
    const at = await scheduler({ limits: { send_queue_bytes: mebibyte } });
    const [slow, quick] = [await session(at), await session(at)];
    await node(at, { answer: large(2 * mebibyte) });
    slow.pause();
    for (let index = 0; index < 12; index++) slow.say({ index });
    await eventually(
      'it is closed',
      async () => /code="1013"\} 1/.test((await at.get('/metrics')).body),
      20_000,
    );
    quick.say({ index: 0 });
    await quick.result(0);
    slow.resume();
    assert.equal((await slow.closed).code, 1013);
  });

  it('is closed with 4008 when it answers no ping, unlike one that does', async () => {
    const at = await scheduler({ limits: { ping_interval_seconds: 1.5 } });
    const [alive, dead] = [upgrade(at), upgrade(at, { autoPong: false })];
    await once(alive, 'open');
    const [code] = (await once(dead, 'close')) as [number];
    // The socket is cut right after the close frame, and the frame may be lost with it.
    assert.ok(code === 4008 || code === 1006, String(code));
    assert.match((await at.get('/metrics')).body, /side="session",code="4008"\} 1/);
    assert.equal(alive.readyState, WebSocket.OPEN);
  });

  it('is closed long before its own bound when all together leave too much unread', async () => {
    const redis = await startRedis();
    stops.push(() => redis.stop());
    const config = {
      limits: {
        send_queue_bytes: 256 * mebibyte,
        send_queue_total_bytes: 8 * mebibyte,
      },
      // Megabytes through Redis on a busy machine must not cost the lease: that is another test's matter.
      scheduler: {
        phase2: { enabled: true, owner_ttl_seconds: 30, command_timeout_ms: 20_000 },
        max_concurrent_jobs_per_node: 4,
      },
    };
    const at = await scheduler(config, { redisUrl: redis.url });
    const slow = await Promise.all(Array.from({ length: 6 }, () => session(at)));
    const quick = await session(at);
    await node(at, { answer: large(4 * mebibyte) });
    for (const client of slow) client.pause();
    for (const index of [0, 1, 2, 3]) for (const client of slow) client.say({ index });
    // 16 MiB of answers for each. The kernel takes some, and the rest would be ours.
    const closed = async () => Number(/code="1013"\} (\d+)/.exec((await at.get('/metrics')).body)?.[1] ?? 0);
    await eventually('some are closed', async () => (await closed()) >= 3, 60_000);
    quick.say({ index: 0 });
    await quick.result(0, 60_000);
  });
});

describe('an upgrade that is none', () => {
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const asked = 'Connection: Upgrade\r\nUpgrade: websocket\r\nHost: x\r\n';
  const version = 'Sec-WebSocket-Version: 13\r\n';
  const get = `GET ${paths.sessionSocket} HTTP/1.1\r\n`;
  const cases: readonly [title: string, request: string, answer: RegExp][] = [
    ['without a key', `${get}${asked}${version}\r\n`, /^HTTP\/1\.1 400 /],
    [
      'of a version nobody speaks',
      `${get}${asked}${key}Sec-WebSocket-Version: 99\r\n\r\n`,
      /^HTTP\/1\.1 4\d\d /,
    ],
    [
      'to another protocol',
      `${get}Connection: Upgrade\r\nUpgrade: h2c\r\nHost: x\r\n${key}${version}\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ['by POST', `POST ${paths.sessionSocket} HTTP/1.1\r\n${asked}${key}${version}\r\n`, /^HTTP\/1\.1 4\d\d /],
    ['of another path', `GET /ws/else HTTP/1.1\r\n${asked}${key}${version}\r\n`, /^HTTP\/1\.1 404 /],
    ['of a target that is no URL', `GET //[ HTTP/1.1\r\n${asked}${key}${version}\r\n`, /^HTTP\/1\.1 404 /],
    [
      'behind two thousand headers',
      `${get}${'a:b\r\n'.repeat(2000)}${asked}${key}${version}\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      'with large headers',
      `${get}X: ${'x'.repeat(20_000)}\r\n${asked}${key}${version}\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    ['that is no HTTP at all', '\u0016\u0003\u0001\u0002\u0000garbage\r\n\r\n', /^HTTP\/1\.1 400 /],
  ];

  it('is answered with an error and costs nobody else anything', async () => {
    const at = await scheduler();
    const client = await session(at);
    for (const [title, request, expected] of cases) {
      const socket = rawSocket(at);
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      await once(socket, 'connect');
      socket.write(request, 'latin1');
      await once(socket, 'close');
      assert.match(answer, expected, title);
    }
    const vanishing = rawSocket(at);
    await once(vanishing, 'connect');
    vanishing.write(`${get}${asked}${key}${version}\r\n`);
    vanishing.resetAndDestroy();
    await isServed(client);
  });

  it('is cut off soon, although the client never closes its side', async () => {
    const at = await scheduler();
    const rude = rawSocket(at, { allowHalfOpen: true });
    rude.write(`GET /ws/else HTTP/1.1\r\n${asked}${key}${version}\r\n`);
    rude.resume();
    await once(rude, 'end');
    // What is written to a socket that nobody has any more is answered by a reset.
    const isLetGo = () => {
      if (!rude.destroyed) rude.write('x');
      return rude.destroyed;
    };
    await eventually('the scheduler has let go of it', isLetGo, 20_000);
  });
});

function rawSocket(at: Scheduler, options: { allowHalfOpen?: boolean } = {}): Socket {
  const { hostname, port } = new URL(at.url);
  const socket = connect({ port: Number(port), host: hostname, ...options });
  socket.on('error', () => undefined);
  stops.push(() => socket.destroy());
  return socket;
}

const large =
  (bytes: number): NonNullable<NodeOptions['answer']> =>
  (_, result) => ({ ...result, tts_audio: 'A'.repeat(bytes) });
