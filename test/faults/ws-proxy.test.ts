import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../common/clock-system.ts';
import { seededRandom } from './random.ts';
import { startWsProxy, type WsProxy } from './ws-proxy.ts';
import type { WsAction, WsMoment } from './ws-rules.ts';

/** Answers each `{type, n}` with `{type: 'echo', n}`, and remembers what it heard. */
class EchoInstance {
  readonly heard: string[] = [];
  readonly closes: number[] = [];
  readonly server = new WebSocketServer({ host: '127.0.0.1', port: 0 });

  constructor() {
    this.server.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('close', (code) => this.closes.push(code));
      socket.on('message', (data) => {
        const text = (data as Buffer).toString();
        this.heard.push(text);
        try {
          socket.send(JSON.stringify({ ...(JSON.parse(text) as object), type: 'echo' }));
        } catch {
          socket.send('{"type":"error"}');
        }
      });
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

class Peer {
  readonly heard: unknown[] = [];
  readonly socket: WebSocket;
  readonly ended: Promise<number>;

  constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws/session`);
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => this.heard.push(JSON.parse((data as Buffer).toString())));
    this.ended = new Promise((resolve) => this.socket.on('close', resolve));
  }

  say(n: number, type = 'word'): void {
    this.socket.send(JSON.stringify({ type, n }));
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('did not come true in time');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the proxy between peers and an instance', () => {
  let instance: EchoInstance;
  let proxy: WsProxy;
  const peers: Peer[] = [];

  beforeEach(async () => {
    instance = new EchoInstance();
    await once(instance.server, 'listening');
    const target = () => ({ host: '127.0.0.1', port: instance.port });
    proxy = await startWsProxy({ target, clock: systemClock, random: seededRandom(1) });
  });
  afterEach(async () => {
    for (const { socket } of peers.splice(0)) socket.terminate();
    await proxy.close();
    for (const socket of instance.server.clients) socket.terminate();
    instance.server.close();
  });

  async function peer(): Promise<Peer> {
    const made = new Peer(proxy.port);
    peers.push(made);
    await once(made.socket, 'open');
    return made;
  }

  const strike = (
    when: WsMoment,
    action: WsAction,
    more: { occurrence?: number; direction?: 'to-peer' } = {},
  ) =>
    proxy.inject({
      match: more.direction
        ? { direction: 'to-peer', type: 'echo' }
        : { direction: 'to-instance', type: 'word' },
      when,
      action,
      ...(more.occurrence === undefined ? {} : { occurrence: more.occurrence }),
    });

  test('passes messages of every size in both directions', async () => {
    const one = await peer();
    for (const size of [0, 10, 200, 70_000, 300_000]) {
      one.socket.send(JSON.stringify({ type: 'word', text: 'x'.repeat(size) }));
    }
    await until(() => one.heard.length === 5);
    assert.deepEqual(
      one.heard.map((echo) => (echo as { text: string }).text.length),
      [0, 10, 200, 70_000, 300_000],
    );
  });

  test('passes a message in fragments, with a ping between them', async () => {
    const one = await peer();
    one.socket.send('{"type":"wo', { fin: false });
    one.socket.ping();
    one.socket.send('rd","n":1}', { fin: true });
    await once(one.socket, 'pong');
    await until(() => one.heard.length === 1);
    assert.deepEqual(one.heard, [{ type: 'echo', n: 1 }]);
  });

  test('reset before: the receiver never hears it', async () => {
    const one = await peer();
    strike('before', { do: 'reset' }, { occurrence: 2 });
    one.say(1);
    one.say(2);
    await one.ended;
    assert.deepEqual(instance.heard, ['{"type":"word","n":1}']);
  });

  test('reset when delivered: the receiver has it and its answer is not heard', async () => {
    const one = await peer();
    const rule = strike('delivered', { do: 'reset' });
    one.say(1);
    await one.ended;
    await until(() => instance.heard.length === 1);
    assert.deepEqual(one.heard, []);
    assert.equal(rule.fired, 1);
  });

  test('reset when answered: the first answer is heard and nothing after it', async () => {
    const one = await peer();
    const rule = strike('answered', { do: 'reset' });
    one.say(1);
    await one.ended;
    assert.deepEqual(one.heard, [{ type: 'echo', n: 1 }]);
    assert.equal(rule.fired, 1);
  });

  test('drops and doubles one message and no other', async () => {
    const one = await peer();
    strike('before', { do: 'drop' }, { occurrence: 2 });
    strike('before', { do: 'duplicate' }, { direction: 'to-peer', occurrence: 2 });
    for (const n of [1, 2, 3]) one.say(n);
    await until(() => one.heard.length === 3);
    assert.deepEqual(
      one.heard,
      [1, 3, 3].map((n) => ({ type: 'echo', n })),
    );
  });

  test('a delay keeps the order', async () => {
    const one = await peer();
    strike('before', { do: 'delay', ms: 60 });
    const started = performance.now();
    one.say(1);
    one.say(2);
    await until(() => one.heard.length === 2);
    assert.deepEqual(
      one.heard,
      [1, 2].map((n) => ({ type: 'echo', n })),
    );
    assert.ok(performance.now() - started >= 55);
  });

  test('a cut leaves half a frame', async () => {
    const one = await peer();
    strike('before', { do: 'cut' });
    one.say(1);
    await one.ended;
    await until(() => instance.closes.length === 1);
    assert.deepEqual(instance.heard, []);
  });

  test('half-open: both sockets stay and neither hears the other', async () => {
    const one = await peer();
    strike('before', { do: 'half-open' });
    one.say(1);
    one.say(2);
    await systemClock.sleep(30);
    assert.equal(one.socket.readyState, WebSocket.OPEN);
    assert.deepEqual([instance.heard, instance.closes], [[], []]);
  });

  test('single bytes arrive as one message', async () => {
    const one = await peer();
    strike('before', { do: 'slice' });
    one.say(1);
    await until(() => one.heard.length === 1);
  });

  test('a corrupt frame is refused by its receiver with 1002', async () => {
    for (const what of ['reserved', 'mask'] as const) {
      const one = await peer();
      strike('before', { do: 'corrupt', what });
      one.say(1);
      assert.equal(await one.ended, 1002, what);
    }
    const one = await peer();
    strike('before', { do: 'corrupt', what: 'mask' }, { direction: 'to-peer' });
    one.say(1);
    await until(() => instance.closes.length === 3);
    assert.equal(instance.closes[2], 1002);
  });

  test('a garbled message arrives as text that is not JSON', async () => {
    const one = await peer();
    strike('before', { do: 'garble' });
    one.say(1);
    await until(() => one.heard.length === 1);
    assert.deepEqual(instance.heard, ['{"type":']);
  });

  test('a garbled upgrade is answered 503', async () => {
    proxy.inject({
      match: { direction: 'to-instance', type: 'upgrade' },
      when: 'before',
      action: { do: 'garble' },
    });
    const one = new Peer(proxy.port);
    const [, response] = (await once(one.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    assert.equal(response.statusCode, 503);
  });

  test('a hook sees the world before the message does', async () => {
    const one = await peer();
    let heardThen = -1;
    strike('before', {
      do: 'hook',
      run: () => {
        heardThen = instance.heard.length;
        return Promise.resolve('go on' as const);
      },
    });
    one.say(1);
    await until(() => one.heard.length === 1);
    assert.equal(heardThen, 0);
  });

  test('a slow line holds back its source instead of piling up here', async () => {
    const one = await peer();
    proxy.toInstance.bytesPerSecond = 1000;
    // Far more than the kernel takes into its buffers on both legs.
    one.socket.send('z'.repeat(100_000_000));
    await systemClock.sleep(200);
    assert.ok(one.socket.bufferedAmount > 4_000_000, `the sender still holds ${one.socket.bufferedAmount}`);
    proxy.toInstance.bytesPerSecond = 0;
  });
});
