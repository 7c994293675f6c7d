/**
 * The small HTTP servers of both programs: probes, metrics and JSON routes on `node:http`. A handler returns an answer
 * as a value; one that throws costs its request a 500 and a log line, nothing else.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { OpenRequests } from './open-requests.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export type HttpHandler = (request: IncomingMessage, url: URL) => Promise<HttpAnswer> | HttpAnswer;

/** Routes by `METHOD /path`; an exact match only. */
export type HttpRoutes = Readonly<Record<string, HttpHandler>>;

export const text = (status: number, body: string): HttpAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body,
});

export const json = (status: number, value: unknown): HttpAnswer => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});

/** Nothing we serve needs long to be asked for; who sends a byte now and then must not keep a socket. */
const defaultPatience = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 16 * 1024,
};

/** Answers hold words of clients and nodes: no browser may take one for a page or a script. */
const everywhere = { 'x-content-type-options': 'nosniff' };

/** A request with more of them is refused. */
const headersMax = 100;

export function createHttpServer(routes: HttpRoutes, log: Logger, patience = defaultPatience): Server {
  const server = createServer(patience, (request, response) => {
    void answer(request, routes, log).then(({ status, type, body, headers }) => {
      const described = { ...everywhere, ...(type ? { 'content-type': type } : {}), ...headers };
      // What is not modified has no body, and a length would be that of the one the client has.
      const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(body) };
      response.writeHead(status, { ...described, ...length });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  server.maxHeadersCount = headersMax;
  return server;
}

async function answer(request: IncomingMessage, routes: HttpRoutes, log: Logger): Promise<HttpAnswer> {
  const url = requestUrl(request);
  if (!url) return text(400, 'bad request target\n');
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const handler = routes[`${method} ${url.pathname}`];
  if (!handler) return notRouted(method, url.pathname, routes);
  try {
    return await handler(request, url);
  } catch (error) {
    log.error({ err: error, method, path: url.pathname }, 'request handler failed');
    return text(500, 'internal error\n');
  }
}

function requestUrl(request: IncomingMessage): URL | undefined {
  return URL.parse(request.url ?? '/', 'http://localhost') ?? undefined;
}

function notRouted(method: string, path: string, routes: HttpRoutes): HttpAnswer {
  const allowed = Object.keys(routes)
    .filter((route) => route.endsWith(` ${path}`))
    .map((route) => route.slice(0, route.indexOf(' ')));
  if (allowed.length === 0) return text(404, 'not found\n');
  return {
    ...text(405, `${method} is not allowed here; use ${allowed.join(', ')}\n`),
    headers: { allow: allowed.join(', ') },
  };
}

/** Of the servers that listen. */
const openRequests = new WeakMap<Server, OpenRequests>();

/** Listens and returns the bound port, which matters when 0 was asked for. Upgrades must be listened for before. */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  openRequests.set(server, new OpenRequests(server));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Resolves when the last request is answered, and what was upgraded is gone. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    openRequests.get(server)?.end();
  });
}
