/**
 * One WebSocket of a peer: frames in one after another and no faster than its rate, a bounded queue out that leaves in
 * few writes, and pings that find out when the other side is gone. What the frames mean is the peer's matter.
 *
 * There are tens of thousands of these, so what all of one side share is one object, and what only a busy connection
 * needs is made when it is busy.
 */
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../common/clock.ts';
import { closeCodes, type CloseCode } from '../protocol/close-codes.ts';
import type { Metrics } from '../metrics.ts';
import { textFrames } from './frames.ts';
import type { Outflow, Outlet } from './outflow.ts';
import type { Pinged, PingWheel } from './ping-wheel.ts';
import { Rate, type RateLimit } from './rate.ts';

/** What a peer does with its connection. */
export interface Peer {
  /** The next frame. One that takes a promise has the next wait until it is done. */
  message(frame: string): Promise<void> | void;
  closed(): Promise<void> | void;
}

/** The stream under a WebSocket. Whole frames may be written to it beside those that the WebSocket writes itself. */
export interface Transport {
  write(frames: Buffer): void;
}

/** What all connections of one side have in common. */
export interface ConnectionShared {
  readonly side: 'session' | 'node';
  /** Unread bytes a peer may leave before it is closed as a slow consumer. */
  readonly sendQueueBytes: number;
  readonly messages: RateLimit;
  readonly wheel: PingWheel;
  readonly outflow: Outflow;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Frames that may wait for the one in hand; then the socket is not read any further. */
const inboundMax = 64;

/** How long a peer may take to close its side after we did, before its socket is cut. */
export const closeTimeoutMs = 2000;

/** The listeners are the same functions for every socket; this is how they find their connection. */
const held = Symbol('connection');
interface HeldSocket extends WebSocket {
  [held]: Connection;
}

export class Connection implements Pinged, Outlet {
  readonly #socket: WebSocket;
  readonly #transport: Transport;
  readonly #shared: ConnectionShared;
  readonly #rate = new Rate();
  #allowance: RateLimit;
  #inbound: string[] | undefined;
  #peer: Peer | undefined;
  #onEnd: ((connection: Connection) => void) | undefined;
  #handling = false;
  #waiting = false;
  #heard = true;
  /** Texts that have not left yet, and their length; none, progress alone, or something that leaves with this turn. */
  #held: string[] | undefined;
  #heldLength = 0;
  #leaving = false;
  #sector = 0;

  /** @param transport the stream under the WebSocket */
  constructor(socket: WebSocket, transport: Transport, shared: ConnectionShared) {
    this.#socket = socket;
    this.#transport = transport;
    this.#shared = shared;
    this.#allowance = shared.messages;
  }

  get side(): 'session' | 'node' {
    return this.#shared.side;
  }

  get closed(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN;
  }

  /** Bytes that wait for the peer to read. */
  get unreadBytes(): number {
    return this.#socket.bufferedAmount + this.#heldLength;
  }

  /** From here on the peer is told what arrives. `onEnd` is called once, after the peer has been told of the end. */
  start(peer: Peer, onEnd: (connection: Connection) => void): void {
    this.#peer = peer;
    this.#onEnd = onEnd;
    const socket = this.#socket as HeldSocket;
    socket[held] = this;
    socket.on('message', Connection.#onMessage);
    socket.on('pong', Connection.#onPong);
    socket.on('error', Connection.#onError);
    socket.on('close', Connection.#onClose);
    this.#sector = this.#shared.wheel.add(this);
  }

  /** Queues a frame. A peer that leaves too much unread is closed: its answers wait in its outbox, not in our memory. */
  send(text: string): void {
    if (!this.#takes()) return;
    this.#hold(text);
    if (this.#leaving) return;
    this.#leaving = true;
    this.#shared.outflow.atTurnEnd(this);
  }

  /** The same for progress, which may wait for company a little while. */
  sendProgress(text: string): void {
    if (!this.#takes()) return;
    if (!this.#held) this.#shared.outflow.soon(this);
    this.#hold(text);
  }

  /** The peer does the work of so many, and may say as much as they together. */
  speaksFor(many: number): void {
    const { perSecond, burst } = this.#shared.messages;
    this.#allowance = { perSecond: perSecond * many, burst: burst * many };
  }

  close({ code, reason }: CloseCode): void {
    if (this.closed) return;
    const { metrics, log, clock, side } = this.#shared;
    metrics.connectionsClosed.inc({ side, code: String(code) });
    log.info({ side, code, reason }, 'closing connection');
    this.flush();
    this.#socket.close(code, reason);
    clock.after(closeTimeoutMs, () => {
      this.#socket.terminate();
    });
  }

  /** Ends it without waiting for the peer. */
  cut(): void {
    this.#socket.terminate();
  }

  flush(): void {
    const texts = this.#held;
    if (!texts) return;
    this.#held = undefined;
    this.#heldLength = 0;
    this.#leaving = false;
    // Nothing follows a close frame.
    if (!this.closed) this.#transport.write(textFrames(texts));
  }

  ping(): void {
    // A paused socket hears nothing because we do not listen.
    if (!this.#heard && !this.#socket.isPaused) {
      this.close(closeCodes.silent);
      this.cut();
      return;
    }
    if (this.closed) return;
    this.#heard = false;
    this.#socket.ping();
  }

  #takes(): boolean {
    if (this.closed) return false;
    if (this.unreadBytes <= this.#shared.sendQueueBytes) return true;
    this.close(closeCodes.slowConsumer);
    return false;
  }

  #hold(text: string): void {
    (this.#held ??= []).push(text);
    this.#heldLength += text.length;
  }

  static #onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
    const connection = (this as HeldSocket)[held];
    connection.#heard = true;
    if (!isBinary) connection.#receive(textOf(data));
  }

  static #onPong(this: WebSocket): void {
    (this as HeldSocket)[held].#heard = true;
  }

  static #onError(this: WebSocket, error: Error): void {
    const { log, side } = (this as HeldSocket)[held].#shared;
    log.debug({ err: error, side }, 'socket error');
  }

  static #onClose(this: WebSocket): void {
    void (this as HeldSocket)[held].#end();
  }

  #receive(frame: string): void {
    if (this.closed) return;
    if (this.#handling || this.#waiting || !this.#allowed()) this.#keep(frame);
    else this.#handle(frame);
  }

  async #end(): Promise<void> {
    this.#shared.wheel.remove(this, this.#sector);
    this.#inbound = undefined;
    try {
      await this.#peer?.closed();
    } catch (error) {
      this.#peerFailed(error);
    }
    this.#onEnd?.(this);
  }

  /** Whether one more message fits in its rate; if not, the rest is handled when it does. */
  #allowed(): boolean {
    const { clock } = this.#shared;
    const waitMs = this.#rate.take(this.#allowance, clock.monotonic());
    if (waitMs === 0) return true;
    this.#waiting = true;
    clock.after(waitMs, () => {
      this.#waiting = false;
      this.#goOn();
    });
    return false;
  }

  #keep(frame: string): void {
    const inbound = (this.#inbound ??= []);
    inbound.push(frame);
    if (this.#waiting || inbound.length >= inboundMax) this.#socket.pause();
  }

  /** A peer that throws has a bug; it costs its message, not the process. */
  #handle(frame: string): void {
    try {
      const handling = this.#peer?.message(frame);
      if (handling) void this.#handleLong(handling);
    } catch (error) {
      this.#peerFailed(error);
    }
  }

  async #handleLong(handling: Promise<void>): Promise<void> {
    this.#handling = true;
    try {
      await handling;
    } catch (error) {
      this.#peerFailed(error);
    }
    this.#handling = false;
    this.#goOn();
  }

  /** What was kept while a message was handled or too many came, and then whatever comes. */
  #goOn(): void {
    const inbound = this.#inbound;
    while (inbound?.length && !this.#handling && !this.#waiting && this.#allowed()) {
      this.#handle(inbound.shift() ?? '');
    }
    const few = (inbound?.length ?? 0) < inboundMax / 2;
    if (this.#socket.isPaused && few && !this.#waiting) this.#socket.resume();
  }

  #peerFailed(error: unknown): void {
    this.#shared.log.error({ err: error, side: this.side }, 'peer failed');
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}
