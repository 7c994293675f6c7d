/**
 * One WebSocket of a peer: frames in one after another, a bounded queue out, and pings that find out when the other side
 * is gone. What the frames mean is the peer's matter.
 */
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../common/clock.ts';
import { closeCodes, type CloseCode } from '../protocol/close-codes.ts';
import type { Metrics } from '../metrics.ts';

export interface ConnectionLimits {
  /** Unread bytes a peer may leave before it is closed as a slow consumer. */
  readonly sendQueueBytes: number;
  /** 0 sends no pings. */
  readonly pingIntervalMs: number;
}

/** What a peer does with its connection. */
export interface Peer {
  /** The next frame; the one after it waits until the promise is done. */
  message(frame: string): Promise<void>;
  closed(): Promise<void>;
}

interface ConnectionDeps {
  readonly side: 'session' | 'node';
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Frames that may wait for the one in hand; then the socket is not read any further. */
const inboundMax = 64;

/** How long a peer may take to answer our close frame before its socket is cut. */
const closeTimeoutMs = 2000;

export class Connection {
  readonly #socket: WebSocket;
  readonly #deps: ConnectionDeps;
  readonly #inbound: string[] = [];
  #peer: Peer | undefined;
  #handling = false;
  #heard = true;
  #cancelPing: () => void = () => undefined;

  constructor(socket: WebSocket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
  }

  get side(): 'session' | 'node' {
    return this.#deps.side;
  }

  get closed(): boolean {
    return this.#socket.readyState !== this.#socket.OPEN;
  }

  /** From here on the peer is told what arrives. `onEnd` is called once, after the peer has been told of the end. */
  start(peer: Peer, onEnd: () => void): void {
    this.#peer = peer;
    this.#socket.on('message', (data, isBinary) => {
      this.#heard = true;
      if (!isBinary) this.#receive(textOf(data));
    });
    this.#socket.on('pong', () => {
      this.#heard = true;
    });
    this.#socket.on('error', (error) => {
      this.#deps.log.debug({ err: error, side: this.side }, 'socket error');
    });
    this.#socket.on('close', () => {
      this.#cancelPing();
      this.#inbound.length = 0;
      void this.#run(() => peer.closed()).then(onEnd);
    });
    this.#ping();
  }

  /** Queues a frame. A peer that leaves too much unread is closed: its answers wait in its outbox, not in our memory. */
  send(text: string): void {
    if (this.closed) return;
    if (this.#socket.bufferedAmount > this.#deps.limits.sendQueueBytes) {
      this.close(closeCodes.slowConsumer);
      return;
    }
    this.#socket.send(text);
  }

  close({ code, reason }: CloseCode): void {
    if (this.closed) return;
    this.#deps.metrics.connectionsClosed.inc({ side: this.side, code: String(code) });
    this.#deps.log.info({ side: this.side, code, reason }, 'closing connection');
    this.#socket.close(code, reason);
    this.#deps.clock.after(closeTimeoutMs, () => {
      this.#socket.terminate();
    });
  }

  #receive(frame: string): void {
    if (this.closed) return;
    this.#inbound.push(frame);
    if (!this.#handling) void this.#handleAll();
    else if (this.#inbound.length >= inboundMax) this.#socket.pause();
  }

  async #handleAll(): Promise<void> {
    this.#handling = true;
    for (let frame = this.#inbound.shift(); frame !== undefined; frame = this.#inbound.shift()) {
      const text = frame;
      await this.#run(async () => this.#peer?.message(text));
      if (this.#socket.isPaused && this.#inbound.length < inboundMax / 2) this.#socket.resume();
    }
    this.#handling = false;
  }

  /** A peer that throws has a bug; it costs its message, not the process. */
  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.log.error({ err: error, side: this.side }, 'peer failed');
    }
  }

  #ping(): void {
    const { limits, clock } = this.#deps;
    if (limits.pingIntervalMs === 0) return;
    this.#cancelPing = clock.after(limits.pingIntervalMs, () => {
      // A paused socket hears nothing because we do not listen.
      if (!this.#heard && !this.#socket.isPaused) {
        this.close(closeCodes.silent);
        this.#socket.terminate();
        return;
      }
      this.#heard = false;
      this.#socket.ping();
      this.#ping();
    });
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}
