/** A server on a clock that tests move, and the few HTTP calls they make to it. */
import { strict as assert } from 'node:assert';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { Agent, request } from 'undici';
import { FakeClock } from '../../fakes/clock.ts';
import { objectsAt, stringAt, type JsonObject } from '../../../operator/schema/json.ts';
import { startApiServer, type ApiServer, type ApiServerOptions } from './server.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: JsonObject;
}

export interface Options {
  readonly type?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WatchStream {
  /** The next event; undefined when the stream has ended. */
  next(): Promise<{ type: string; object: JsonObject } | undefined>;
  close(): void;
}

export interface TestServer {
  readonly server: ApiServer;
  readonly clock: FakeClock;
  call(method: string, path: string, body?: unknown, options?: Options): Promise<Reply>;
  watch(path: string): Promise<WatchStream>;
}

/** Started for one test and stopped after it. */
export async function openServer(
  t: TestContext,
  options: Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const clock = new FakeClock();
  const log = pino({ level: 'silent' });
  const server = await startApiServer({ host: '127.0.0.1', port: 0, log, clock, ...options });
  const agent = new Agent({ connect: { ca: server.caCertificate } });
  t.after(async () => {
    await agent.destroy();
    await server.stop();
  });
  const headersOf = ({ type = 'application/json', token = server.adminToken, headers = {} }: Options) => ({
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    'content-type': type,
    ...headers,
  });
  return {
    server,
    clock,
    async call(method, path, body, options = {}) {
      const answer = await request(server.url + path, {
        dispatcher: agent,
        method: method as 'GET',
        headers: headersOf(options),
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await answer.body.text();
      const isJson = String(answer.headers['content-type']).startsWith('application/json');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        body: isJson ? (JSON.parse(text) as JsonObject) : {},
      };
    },
    watch: (path) => openWatch(agent, server, path),
  };
}

async function openWatch(agent: Agent, { url, adminToken }: ApiServer, path: string): Promise<WatchStream> {
  const { body } = await request(url + path, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const lines = linesOf(body);
  return {
    async next() {
      const line = await lines.next();
      return line.done ? undefined : (JSON.parse(line.value) as { type: string; object: JsonObject });
    },
    close() {
      body.on('error', () => undefined).destroy();
    },
  };
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  return undefined;
}

export const core = '/api/v1/namespaces/default';
export const configMap = (name: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
});

export const pod = (name: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

export const binding = (node: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Binding',
  target: { kind: 'Node', name: node },
});

export const version = (object: JsonObject): string => stringAt(object, 'metadata', 'resourceVersion') ?? '';
export const nameOf = (event: { object: JsonObject } | undefined): string | undefined =>
  stringAt(event?.object, 'metadata', 'name');
export const namesOf = (list: JsonObject): (string | undefined)[] =>
  objectsAt(list, 'items').map((item) => stringAt(item, 'metadata', 'name'));

export async function made(api: TestServer, path: string, object: JsonObject): Promise<JsonObject> {
  const { status, text, body } = await api.call('POST', path, object);
  assert.equal(status, 201, text);
  return body;
}
