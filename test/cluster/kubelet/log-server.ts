/**
 * The one thing that an API server asks a kubelet for here: the log of a container, over TLS with certificates on both sides.
 *
 *   GET /containerLogs/<namespace>/<pod>/<container>?follow=&previous=&tailLines=
 */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../common/clock.ts';
import { closeServer, listen } from '../../../common/http.ts';
import { streamLog, type ContainerLog } from './logs.ts';

export interface ServingKeys {
  /** PEM, all three. */
  readonly certificate: string;
  readonly key: string;
  /** Who signed the certificates of those that may ask. */
  readonly clientAuthority: string;
}

export interface LogServerOptions extends ServingKeys {
  readonly address: string;
  readonly clock: Clock;
  readonly find: (query: {
    namespace: string;
    pod: string;
    container: string;
    previous: boolean;
  }) => ContainerLog | undefined;
}

export interface LogServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** A kubelet's; the node has its address to itself. */
const port = 10250;

export async function startLogServer(options: LogServerOptions): Promise<LogServer> {
  const { address, certificate, key, clientAuthority } = options;
  const stopped = new AbortController();
  const tls = { cert: certificate, key, ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  const server = createServer(tls, (request, response) => {
    void answer(request, response, stopped.signal, options);
  });
  await listen(server, { host: address, port });
  return {
    port,
    async stop() {
      stopped.abort();
      await closeServer(server);
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  stopped: AbortSignal,
  { clock, find }: LogServerOptions,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet');
  const [, namespace, pod, container] = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
  if (!namespace || !pod || !container) {
    response.writeHead(404).end();
    return;
  }
  const previous = searchParams.get('previous') === 'true';
  const log = find({ namespace, pod, container, previous });
  if (!log) {
    const which = previous ? 'previous terminated container' : 'container';
    response.writeHead(400).end(`${which} "${container}" in pod "${pod}" not found`);
    return;
  }
  const left = new AbortController();
  response.once('close', () => {
    left.abort();
  });
  const lines = searchParams.get('tailLines');
  const stream = streamLog(log, {
    clock,
    follow: searchParams.get('follow') === 'true',
    tailLines: lines === null ? undefined : Number(lines),
    signal: AbortSignal.any([stopped, left.signal]),
  });
  response.writeHead(200, { 'content-type': 'text/plain' });
  // The reader may leave at any time.
  await pipeline(stream, response).catch(() => undefined);
}
