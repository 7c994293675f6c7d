/**
 * What an API server asks a kubelet for here, over TLS with certificates on both sides:
 *
 *   GET /containerLogs/<namespace>/<pod>/<container>?follow=&previous=&tailLines=
 *   GET /exec/<namespace>/<pod>/<container>?command=&input=&output=&error=&tty=     upgraded to a WebSocket
 */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../common/clock.ts';
import { closeServer, listen } from '../../../common/http.ts';
import { refuseUpgrade, type Upgrade } from '../refuse-upgrade.ts';
import { acceptExec } from './exec-stream.ts';
import { streamLog, type ContainerLog } from './logs.ts';
import type { RunningProcess } from './processes.ts';

export interface ServingKeys {
  /** PEM, all three. */
  readonly certificate: string;
  readonly key: string;
  /** Who signed the certificates of those that may ask. */
  readonly clientAuthority: string;
}

interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface KubeletServerOptions extends ServingKeys {
  readonly address: string;
  readonly clock: Clock;
  readonly log: (query: Place & { previous: boolean }) => ContainerLog | undefined;
  readonly exec: (query: Place & { command: readonly string[] }) => RunningProcess | undefined;
}

export interface KubeletServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** A kubelet's; the node has its address to itself. */
const port = 10250;

export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { address, certificate, key, clientAuthority } = options;
  const stopped = new AbortController();
  const tls = { cert: certificate, key, ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  const server = createServer(tls, (request, response) => {
    void answer(request, response, stopped.signal, options);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade({ request, socket, head }, options);
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
  { clock, log: find }: KubeletServerOptions,
): Promise<void> {
  const { searchParams, place } = placeOf(request, 'containerLogs');
  if (!place) {
    response.writeHead(404).end();
    return;
  }
  const previous = searchParams.get('previous') === 'true';
  const log = find({ ...place, previous });
  if (!log) {
    const which = previous ? 'previous terminated container' : 'container';
    response.writeHead(400).end(`${which} "${place.container}" in pod "${place.pod}" not found`);
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

function upgrade(asked: Upgrade, { exec }: KubeletServerOptions): void {
  const { searchParams, place } = placeOf(asked.request, 'exec');
  if (!place) {
    refuseUpgrade(asked, 404, '404 page not found\n');
    return;
  }
  const isAsked = (name: string) => searchParams.get(name) === '1';
  const streams = { stdin: isAsked('input'), stdout: isAsked('output'), stderr: isAsked('error') };
  const start = () => exec({ ...place, command: searchParams.getAll('command') });
  if (!acceptExec(asked, streams, start))
    refuseUpgrade(asked, 500, `container not found ("${place.container}")`);
}

function placeOf(
  request: IncomingMessage,
  what: string,
): { searchParams: URLSearchParams; place: Place | undefined } {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet');
  const [, first, namespace, pod, container, rest] = pathname.split('/');
  if (first !== what || !namespace || !pod || !container || rest !== undefined)
    return { searchParams, place: undefined };
  return { searchParams, place: { namespace, pod, container } };
}
