/** An HTTP server on loopback that answers as the test says, byte by byte if need be, and a client that talks to it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../common/clock.ts';
import { systemClock } from '../../common/clock-system.ts';
import { connect, type ConnectOptions, type KubeClient } from '../../operator/kube/client.ts';
import { FakeRandom } from './clock.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** `count` is the number of this request, from 1. */
export type Answer = (response: ServerResponse, seen: Seen, count: number) => void;

export const json =
  (value: unknown, status = 200, headers = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };

/** The body of a refusal. */
export const statusBody = (code: number, reason: string, message = reason) => ({
  kind: 'Status',
  code,
  reason,
  message,
});

export const refusal = (code: number, reason: string): Answer => json(statusBody(code, reason), code);

export interface ScriptedApi {
  answer: Answer;
  seen: Seen[];
  /** How long the client wanted to pause between attempts; it does not really wait. Milliseconds. */
  slept: number[];
  readonly connections: number;
  readonly directory: string;
  /** Real time, but pauses between attempts end at once. */
  readonly clock: Clock;
  /** A client of this server. `user` is the entry of the kubeconfig. */
  open(options?: Partial<ConnectOptions>, user?: object): KubeClient;
  close(): Promise<void>;
}

export async function startScriptedApi(): Promise<ScriptedApi> {
  const directory = mkdtempSync(path.join(tmpdir(), 'kube-client-'));
  const clients: KubeClient[] = [];
  let connections = 0;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms) => {
      api.slept.push(ms);
      return Promise.resolve();
    },
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://x');
      const { method = '', headers } = request;
      const one = { method, path: url.pathname, query: url.searchParams, headers, body };
      api.answer(response, one, api.seen.push(one));
    });
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const api: ScriptedApi = {
    answer: json({}),
    seen: [],
    slept: [],
    get connections() {
      return connections;
    },
    directory,
    clock,
    open: (options = {}, user = { token: 'secret' }) => {
      const kubeconfig = path.join(directory, 'config');
      writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf((server.address() as AddressInfo).port, user)));
      const client = connect({
        kubeconfig,
        fieldManager: 'tester',
        userAgent: 'lingua-test',
        requestTimeoutMs: 10_000,
        clock,
        random: new FakeRandom(),
        ...options,
      });
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) await client.close();
      server.closeAllConnections();
      server.close();
      rmSync(directory, { recursive: true });
    },
  };
  return api;
}

/** Waits for real I/O to bring something about. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited ten seconds in vain');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const kubeconfigOf = (port: number, user: object) => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'main',
  contexts: [
    { name: 'main', context: { cluster: 'here', user: 'me', namespace: 'mine' } },
    { name: 'other', context: { cluster: 'here', user: 'me' } },
  ],
  clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}/behind/proxy/` } }],
  users: [{ name: 'me', user }],
});
