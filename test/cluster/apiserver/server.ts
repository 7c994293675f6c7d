/**
 * The API server of the pocket cluster: real enough for kubectl, client libraries and operators. A request goes
 * authenticate -> authorize -> route -> decode, default, admit, validate -> store; see each folder for its part.
 */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { systemClock } from '../../../common/clock-system.ts';
import type { Clock } from '../../../common/clock.ts';
import type { Api, Hooks } from './api.ts';
import { createTokens } from './auth/tokens.ts';
import { keepEstablished } from './custom/establish.ts';
import { selfSigned } from './http/certificate.ts';
import { answerRequest } from './http/answer.ts';
import { answerUpgrade } from './http/upgrade.ts';
import { builtinKinds } from './kinds/builtin.ts';
import { Registry } from './kinds/registry.ts';
import { kubeconfigFor } from './kubeconfig.ts';
import { seed } from './seed.ts';
import { Store } from './storage/store.ts';

export interface ApiServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly hooks?: Hooks;
  /** How many changes a watch may lie behind before it is told 410. */
  readonly historyMax?: number;
}

export interface ApiServer {
  /** `https://host:port`; its certificate is its own CA. */
  readonly url: string;
  readonly caCertificate: string;
  /** Bearer token of a member of system:masters. */
  readonly adminToken: string;
  readonly store: Store;
  /** A kubeconfig document for the bearer of `token`. */
  kubeconfig(identity?: { token?: string; namespace?: string }): string;
  /** Ends all watches and connections. */
  stop(): Promise<void>;
}

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { host, port } = options;
  const api = createApi(options);
  const stopDefinitions = keepEstablished(api);
  seed(api);
  const certificate = selfSigned([host, 'localhost', 'kubernetes.default.svc'], systemClock.now());
  const stopping = new AbortController();
  const server = createServer(certificate, (request: IncomingMessage, response: ServerResponse) => {
    void answerRequest(api, request, response, stopping.signal);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    answerUpgrade(api, { request, socket, head });
  });
  server.keepAliveTimeout = 65_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const url = `https://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    caCertificate: certificate.cert,
    adminToken: api.tokens.adminToken,
    store: api.store,
    kubeconfig: ({ token = api.tokens.adminToken, namespace } = {}) =>
      kubeconfigFor({ url, caCertificate: certificate.cert, token, namespace }),
    stop() {
      stopDefinitions();
      stopping.abort();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      });
    },
  };
}

function createApi({ log, clock = systemClock, hooks = {}, historyMax }: ApiServerOptions): Api {
  const store = new Store(historyMax === undefined ? {} : { historyMax });
  return {
    store,
    clock,
    log,
    hooks,
    registry: new Registry(builtinKinds(() => store.list('/services'))),
    tokens: createTokens(clock, (namespace, name) => store.get('/serviceaccounts', namespace, name)),
  };
}
