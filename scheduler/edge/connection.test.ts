import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { WebSocket } from 'ws';
import { FakeClock } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { FrameReader } from '../../test/faults/ws-frames.ts';
import { createMetrics } from '../metrics.ts';
import { closeCodes } from '../protocol/close-codes.ts';
import { Connection, type Peer } from './connection.ts';
import { Outflow } from './outflow.ts';
import { PingWheel } from './ping-wheel.ts';

/** A WebSocket and the stream under it, without a network. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  pings = 0;
  closedWith: number | undefined;
  cut = false;
  /** What left in one write each. */
  readonly writes: string[][] = [];

  write(frames: Buffer): void {
    this.writes.push(new FrameReader().push(frames).map(({ payload }) => payload.toString()));
  }
  ping(): void {
    this.pings += 1;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(code: number): void {
    this.closedWith = code;
    this.readyState = 2;
  }
  terminate(): void {
    this.cut = true;
    this.readyState = 3;
    this.emit('close');
  }
  say(...texts: string[]): void {
    for (const text of texts) this.emit('message', Buffer.from(text), false);
  }
}

function connected(peer: Partial<Peer> = {}, messages = { perSecond: 0, burst: 1 }) {
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const { log, lines } = fakeLog();
  const connection = new Connection(socket as unknown as WebSocket, socket, {
    side: 'session',
    sendQueueBytes: 1000,
    messages,
    wheel: new PingWheel(clock, 6400),
    outflow: new Outflow(clock),
    clock,
    log,
    metrics: createMetrics(new Registry()),
  });
  connection.start({ message: () => undefined, closed: () => undefined, ...peer }, () => undefined);
  return { clock, socket, connection, lines };
}

describe('what is sent on a connection', () => {
  it('leaves in one write for each turn of the event loop', async () => {
    const { socket, connection } = connected();
    connection.send('1');
    connection.send('2');
    await turn();
    connection.send('3');
    await turn();
    assert.deepEqual(socket.writes, [['1', '2'], ['3']]);
  });

  it('takes along the progress that was told before it, in order', async () => {
    const { socket, connection } = connected();
    connection.sendProgress('dispatched');
    await turn();
    assert.deepEqual(socket.writes, []);
    connection.send('result');
    await turn();
    assert.deepEqual(socket.writes, [['dispatched', 'result']]);
  });

  it('leaves soon when it is progress alone', async () => {
    const { socket, connection, clock } = connected();
    connection.sendProgress('a');
    connection.sendProgress('b');
    await clock.advance(100);
    assert.deepEqual(socket.writes, [['a', 'b']]);
    connection.sendProgress('c');
    await clock.advance(100);
    assert.deepEqual(socket.writes, [['a', 'b'], ['c']]);
  });

  it('leaves before the connection is closed, and nothing after', async () => {
    const { socket, connection } = connected();
    connection.send('last');
    connection.close(closeCodes.goingAway);
    connection.send('too late');
    await turn();
    assert.deepEqual([socket.writes, socket.closedWith], [[['last']], closeCodes.goingAway.code]);
  });

  it('is counted as unread from the moment it is said', async () => {
    const { socket, connection } = connected();
    connection.send('x'.repeat(600));
    connection.sendProgress('x'.repeat(300));
    assert.equal(connection.unreadBytes, 900);
    await turn();
    assert.equal(connection.unreadBytes, 0);
    socket.bufferedAmount = 900;
    connection.send('x'.repeat(101));
    connection.send('one more');
    assert.equal(socket.closedWith, closeCodes.slowConsumer.code);
  });

  it('ends the connection when too much is left unread, by progress too', () => {
    for (const way of ['send', 'sendProgress'] as const) {
      const { socket, connection } = connected();
      socket.bufferedAmount = 1001;
      connection[way]('one more');
      assert.equal(socket.closedWith, closeCodes.slowConsumer.code);
    }
  });
});

describe('what arrives on a connection', () => {
  it('is handled in order, one at a time when the peer takes its time', async () => {
    const seen: string[] = [];
    const { socket } = connected({
      async message(frame) {
        seen.push(`${frame} begins`);
        await turn();
        seen.push(`${frame} ends`);
      },
    });
    socket.say('1', '2');
    for (let n = 0; n < 6; n++) await turn();
    assert.deepEqual(seen, ['1 begins', '1 ends', '2 begins', '2 ends']);
  });

  it('is not read any further while many messages wait for a slow one', async () => {
    let release: () => void = () => undefined;
    const seen: string[] = [];
    const { socket } = connected({
      message(frame) {
        seen.push(frame);
        if (frame !== 'slow') return;
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    socket.say('slow', ...Array.from({ length: 64 }, (_, n) => String(n)));
    assert.ok(socket.isPaused);
    release();
    await turn();
    assert.equal(seen.length, 65);
    assert.ok(!socket.isPaused);
  });

  it('waits unread beyond its rate, loses nothing, and goes on in time', async () => {
    const seen: string[] = [];
    const message = (frame: string) => void seen.push(frame);
    const { socket, clock } = connected({ message }, { perSecond: 10, burst: 2 });
    socket.say('1', '2', '3', '4');
    assert.deepEqual(seen, ['1', '2']);
    assert.ok(socket.isPaused);
    await clock.advance(100);
    assert.deepEqual(seen, ['1', '2', '3']);
    await clock.advance(100);
    assert.deepEqual(seen, ['1', '2', '3', '4']);
    assert.ok(!socket.isPaused);
    assert.equal(socket.closedWith, undefined);
  });

  it('may be as much as many peers say, of one that does the work of many', async () => {
    const seen: string[] = [];
    const message = (frame: string) => void seen.push(frame);
    const { socket, connection, clock } = connected({ message }, { perSecond: 10, burst: 2 });
    connection.speaksFor(3);
    socket.say('1', '2', '3', '4', '5', '6', '7', '8', '9');
    assert.equal(seen.length, 6);
    await clock.advance(100);
    assert.equal(seen.length, 9);
  });

  it('costs its message when the peer throws, and no more', async () => {
    const seen: string[] = [];
    const { socket, lines } = connected({
      message(frame) {
        seen.push(frame);
        if (frame === 'sync') throw new Error('a bug');
        return frame === 'async' ? Promise.reject(new Error('another')) : undefined;
      },
    });
    socket.say('sync', 'async', 'good');
    await turn();
    assert.deepEqual(seen, ['sync', 'async', 'good']);
    assert.equal(lines.length, 2);
  });

  it('is not handled any more after the end', async () => {
    const seen: string[] = [];
    const { socket, clock } = connected(
      { message: (frame) => void seen.push(frame) },
      { perSecond: 10, burst: 1 },
    );
    socket.say('1', '2');
    socket.terminate();
    await clock.advance(1000);
    assert.deepEqual(seen, ['1']);
  });
});

describe('a connection that says nothing', () => {
  it('is closed with 4008 and cut when it did not answer a ping for an interval', async () => {
    const { socket, clock } = connected();
    await clock.advance(6401);
    assert.equal(socket.pings, 1);
    socket.emit('pong');
    await clock.advance(6400);
    assert.deepEqual([socket.pings, socket.closedWith], [2, undefined]);
    await clock.advance(6400);
    assert.deepEqual([socket.closedWith, socket.cut], [closeCodes.silent.code, true]);
  });

  it('is left alone while it is we who do not read', async () => {
    const { socket, clock } = connected();
    socket.isPaused = true;
    await clock.advance(30_000);
    assert.equal(socket.closedWith, undefined);
  });
});
