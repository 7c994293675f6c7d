/**
 * The sockets to one API server: HTTP/1.1 on purpose, as an operator has few requests at a time, and one broken connection then
 * breaks one watch. Built on Node's own client: an HTTP library costs more memory than everything that is kept of a hundred
 * clusters.
 */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { Clock } from '../../common/clock.ts';

export interface HttpRequest {
  readonly method: string;
  /** Only its origin counts. */
  readonly server: URL;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** It is not counted with the others and waits for none: its answer has no end, or a lease depends on it. */
  readonly goesBeside?: boolean;
  /** Breaks the connection, also while the body of the answer is read. */
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

export interface Connections {
  /** Rejects when the connection broke before an answer began. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** No request comes any more: connections end with what they are used for. Resolves when the last has. */
  retire(): Promise<void>;
  /** Breaks every connection; each request in flight and after fails. */
  close(): void;
}

export interface ConnectionSettings {
  readonly tls?: ConnectionOptions;
  /** URL of an HTTP proxy that requests go through. */
  readonly proxy?: string;
}

/** A connection without a request is kept so long; the server may ask for less. */
const idleMs = 60_000;
const connectMs = 30_000;

/** At a time; what is more waits for one to end. A thousand handshakes at once would all be late. */
export const callsMax = 64;

const probeAfterMs = 30_000;

export function createConnections({ tls = {}, proxy }: ConnectionSettings, clock: Clock): Connections {
  const calls = createAgents(tls, proxy, callsMax);
  const beside = createAgents(tls, proxy, Infinity);
  const all = [calls, beside].flatMap(({ http, https }) => [http, https]);
  const underWay = new Set<ClientRequest>();
  let isClosed = false;
  let onLast = () => {};
  return {
    request({ server, body, headers, goesBeside = false, ...options }) {
      if (isClosed) return Promise.reject(new Error('the client is closed'));
      return new Promise<IncomingMessage>((resolve, reject) => {
        const agents = goesBeside ? beside : calls;
        const [send, agent] =
          server.protocol === 'https:' ? [httpsRequest, agents.https] : [httpRequest, agents.http];
        const request = send(server, { ...options, agent, headers: withLength(headers, body) });
        underWay.add(request);
        request
          .on('socket', (socket) => {
            watchOver(request, socket, clock);
          })
          .on('response', resolve)
          .on('error', reject)
          .on('close', () => {
            underWay.delete(request);
            if (underWay.size === 0) onLast();
          })
          .end(body);
      }).then((answer) => ({ statusCode: answer.statusCode ?? 0, headers: answer.headers, body: answer }));
    },
    async retire() {
      for (const agent of all) {
        agent.maxFreeSockets = 0;
        for (const free of Object.values(agent.freeSockets).flat()) free?.destroy();
      }
      if (underWay.size > 0) await new Promise<void>((resolve) => (onLast = resolve));
    },
    close() {
      isClosed = true;
      for (const request of underWay) request.destroy(new Error('the client is closed'));
      for (const agent of all) agent.destroy();
    },
  };
}

function createAgents(tls: ConnectionOptions, proxy: string | undefined, maxSockets: number) {
  const options = {
    keepAlive: true,
    timeout: idleMs,
    maxSockets,
    ...(proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  };
  return { http: new HttpAgent(options), https: new HttpsAgent({ ...options, ...tls }) };
}

/** Node does not say it of a DELETE, whose body would then be the beginning of another request. */
const withLength = (headers: HttpRequest['headers'], body: string | undefined) =>
  body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };

/** Gives up a server that lets nobody in, and has the kernel ask for one that says nothing: a watch may be silent for long. */
function watchOver(request: ClientRequest, socket: Socket, clock: Clock): void {
  socket.setKeepAlive(true, probeAfterMs);
  if (!socket.connecting) return;
  const done = clock.after(connectMs, () => {
    request.destroy(new Error(`no connection within ${String(connectMs)} ms`));
  });
  socket.once(request.protocol === 'https:' ? 'secureConnect' : 'connect', done);
  request.once('close', done);
}
