/** The listening socket: upgrades to `/ws/session` and `/ws/node`, and the connections that came of them. */
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { paths } from '../../common/workload.ts';
import type { Metrics } from '../metrics.ts';
import type { CloseCode } from '../protocol/close-codes.ts';
import { Connection, type ConnectionLimits, type Peer } from './connection.ts';

export type Side = 'session' | 'node';

export interface EdgeLimits extends ConnectionLimits {
  readonly maxSessions: number;
  readonly maxNodes: number;
  readonly maxPayloadBytes: number;
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

const sides: ReadonlyMap<string, Side> = new Map([
  [paths.sessionSocket, 'session'],
  [paths.nodeSocket, 'node'],
]);

/** Seconds after which a refused client may try again; it should find another instance by then. */
const retryAfterSeconds = 2;

export class Edge {
  readonly #deps: EdgeDeps;
  readonly #upgrades: WebSocketServer;
  readonly #connections: Readonly<Record<Side, Set<Connection>>> = { session: new Set(), node: new Set() };

  constructor(deps: EdgeDeps) {
    this.#deps = deps;
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: deps.limits.maxPayloadBytes,
    });
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

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the upgrade is done nobody else listens, and a socket error without a listener ends the process.
    socket.on('error', ignore);
    const side = sides.get(URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '');
    if (!side) {
      refuse(socket, 404, 'no such socket');
      return;
    }
    const refusal = this.#deps.refusal() ?? this.#full(side);
    if (refusal !== undefined) {
      this.#deps.metrics.connectionsRefused.inc({ side, reason: refusal });
      refuse(socket, 503, refusal);
      return;
    }
    this.#upgrades.handleUpgrade(request, socket, head, (opened) => {
      socket.off('error', ignore);
      const connection = new Connection(opened, { ...this.#deps, side });
      this.#connections[side].add(connection);
      connection.start(this.#deps.peer[side](connection), () => {
        this.#connections[side].delete(connection);
      });
    });
  }

  #full(side: Side): string | undefined {
    const { maxSessions, maxNodes } = this.#deps.limits;
    return this.count(side) >= (side === 'session' ? maxSessions : maxNodes) ? 'full' : undefined;
  }
}

const ignore = (): void => undefined;

function refuse(socket: Duplex, status: 404 | 503, why: string): void {
  const body = `${why}\n`;
  const head = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    ...(status === 503 ? [`Retry-After: ${String(retryAfterSeconds)}`] : []),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
