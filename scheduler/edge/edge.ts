/** The listening socket: upgrades to `/ws/session` and `/ws/node`, and the connections that came of them. */
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { paths } from '../../common/workload.ts';
import type { Metrics } from '../metrics.ts';
import type { CloseCode } from '../protocol/close-codes.ts';
import { Addresses } from './addresses.ts';
import { closeTimeoutMs, Connection, type ConnectionShared, type Peer } from './connection.ts';
import { watchUnread } from './unread.ts';
import { Outflow } from './outflow.ts';
import { PingWheel } from './ping-wheel.ts';
import type { RateLimit } from './rate.ts';

export type Side = 'session' | 'node';

export interface EdgeLimits {
  readonly maxSessions: number;
  readonly maxNodes: number;
  /** Sockets this process can hold; its file descriptors set the bound. */
  readonly maxSockets: number;
  /** 0 is no limit. */
  readonly maxPerAddress: number;
  /** Largest frame. */
  readonly payloadBytes: Readonly<Record<Side, number>>;
  /** Of one connection, and of all together. */
  readonly sendQueueBytes: number;
  readonly sendQueueTotalBytes: number;
  readonly messages: RateLimit;
  /** 0 sends no pings. */
  readonly pingIntervalMs: number;
  /** Of web pages that may connect; empty allows any. */
  readonly allowedOrigins: readonly string[];
}

export interface EdgeDeps {
  readonly limits: EdgeLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Why no new connection is taken now; undefined when they are. */
  readonly refusal: () => string | undefined;
  readonly peer: Readonly<Record<Side, (connection: Connection) => Peer>>;
}

interface Refusal {
  readonly status: 403 | 404 | 503;
  /** A few fixed words: they are a label of a metric. */
  readonly reason: string;
}

const sides: ReadonlyMap<string, Side> = new Map([
  [paths.sessionSocket, 'session'],
  [paths.nodeSocket, 'node'],
]);

/** Seconds after which a refused client may try again; it should find another instance by then. */
const retryAfterSeconds = 2;

/** Nobody needs more pieces for one message, and each costs memory of its own. */
const fragmentsMax = 1024;

/** Pieces in which the network may bring a frame: each is a buffer with a cost of its own, so they must not be tiny. */
const chunksMax = (payloadBytes: number): number => Math.max(1024, Math.ceil(payloadBytes / 1024));

export class Edge {
  readonly #deps: EdgeDeps;
  readonly #upgrades: Readonly<Record<Side, WebSocketServer>>;
  readonly #shared: Readonly<Record<Side, ConnectionShared>>;
  readonly #connections: Readonly<Record<Side, Set<Connection>>> = { session: new Set(), node: new Set() };
  readonly #addresses: Addresses;
  readonly #allowedOrigins: ReadonlySet<string>;

  constructor(deps: EdgeDeps) {
    const { limits, clock } = deps;
    this.#deps = deps;
    this.#upgrades = {
      session: upgradesFor(limits.payloadBytes.session),
      node: upgradesFor(limits.payloadBytes.node),
    };
    const common = {
      ...deps,
      ...limits,
      wheel: new PingWheel(clock, limits.pingIntervalMs),
      outflow: new Outflow(clock),
    };
    this.#shared = { session: { ...common, side: 'session' }, node: { ...common, side: 'node' } };
    this.#addresses = new Addresses(limits.maxPerAddress);
    this.#allowedOrigins = new Set(limits.allowedOrigins);
  }

  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
  }

  count(side: Side): number {
    return this.#connections[side].size;
  }

  closeAll(reason: CloseCode): void {
    for (const connections of Object.values(this.#connections)) {
      for (const connection of connections) connection.close(reason);
    }
  }

  /** Closes the connections that hold most of our memory when all together hold too much. Ends with the signal. */
  watchUnread(signal: AbortSignal): Promise<void> {
    const { limits, clock } = this.#deps;
    const { session, node } = this.#connections;
    return watchUnread({ connections: [session, node], maxBytes: limits.sendQueueTotalBytes, clock }, signal);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the upgrade is done nobody else listens, and a socket error without a listener ends the process.
    socket.on('error', ignore);
    const side = sides.get(URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '');
    if (!side) {
      this.#refuse(socket, { status: 404, reason: 'no such socket' });
      return;
    }
    const address = request.socket.remoteAddress ?? '';
    const refusal = this.#refusal(side, address, request.headers.origin);
    if (refusal) {
      this.#deps.metrics.connectionsRefused.inc({ side, reason: refusal.reason });
      this.#refuse(socket, refusal);
      return;
    }
    this.#upgrades[side].handleUpgrade(request, socket, head, (opened) => {
      socket.off('error', ignore);
      const connection = new Connection(opened, socket, this.#shared[side]);
      this.#connections[side].add(connection);
      this.#addresses.add(connection, address);
      connection.start(this.#deps.peer[side](connection), this.#ended);
    });
  }

  /** No time-out of the HTTP server holds for a socket after its upgrade: one that its client keeps is cut. */
  #refuse(socket: Duplex, refusal: Refusal): void {
    socket.end(refusalText(refusal));
    const cancel = this.#deps.clock.after(closeTimeoutMs, () => {
      socket.destroy();
    });
    socket.once('close', cancel);
  }

  readonly #ended = (connection: Connection): void => {
    this.#connections[connection.side].delete(connection);
    this.#addresses.remove(connection);
  };

  #refusal(side: Side, address: string, origin: string | undefined): Refusal | undefined {
    const now = this.#deps.refusal() ?? this.#full(side);
    if (now !== undefined) return { status: 503, reason: now };
    if (this.#addresses.full(address)) return { status: 503, reason: 'too many from this address' };
    // Only browsers send it, and it is them whose pages may be somebody else's.
    const foreign =
      origin !== undefined && this.#allowedOrigins.size > 0 && !this.#allowedOrigins.has(origin);
    return foreign ? { status: 403, reason: 'origin not allowed' } : undefined;
  }

  #full(side: Side): string | undefined {
    const { maxSessions, maxNodes, maxSockets } = this.#deps.limits;
    if (this.count('session') + this.count('node') >= maxSockets) return 'out of file descriptors';
    return this.count(side) >= (side === 'session' ? maxSessions : maxNodes) ? 'full' : undefined;
  }
}

const upgradesFor = (payloadBytes: number): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: payloadBytes,
    maxFragments: fragmentsMax,
    maxBufferedChunks: chunksMax(payloadBytes),
  });

const ignore = (): void => undefined;

function refusalText({ status, reason }: Refusal): string {
  const body = `${reason}\n`;
  const head = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    ...(status === 503 ? [`Retry-After: ${String(retryAfterSeconds)}`] : []),
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
