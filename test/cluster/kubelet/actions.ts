/** What a kubelet does to a running container from outside: HTTP GET, TCP connect, run a command. Used by probes and hooks. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Pod } from '../../../operator/kube/resources.ts';
import type { Check } from './probe.ts';

type Container = NonNullable<Pod['spec']>['containers'][number];

type Lifecycle = NonNullable<Container['lifecycle']>;

/** A probe or a hook: what to do. */
export type Handler = Pick<NonNullable<Lifecycle['preStop']>, 'httpGet' | 'tcpSocket' | 'exec' | 'sleep'>;

export interface Target {
  readonly container: Container;
  /** The pod's address. */
  readonly host: string;
  readonly timeoutMs: number;
  readonly execute: (argv: readonly string[]) => Promise<Check>;
}

/** Never rejects. */
export function perform(handler: Handler, target: Target): Promise<Check> {
  const { httpGet: get, tcpSocket, exec } = handler;
  if (exec) return target.execute(exec.command ?? []);
  const wanted = (get ?? tcpSocket)?.port;
  if (wanted === undefined) return Promise.resolve({ ok: false, why: 'this kind of probe is not supported' });
  const port = portNumber(target.container, wanted);
  if (port === undefined) return Promise.resolve({ ok: false, why: `there is no port ${wanted}` });
  const host = (get ?? tcpSocket)?.host ?? target.host;
  return get ? httpGet(get, host, port, target.timeoutMs) : tcpConnect(host, port, target.timeoutMs);
}

interface HttpGet {
  readonly host?: string;
  readonly port: number | string;
  readonly path?: string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
}

/** The number of a port that is given by number or by a container port's name; undefined when there is no such port. */
function portNumber(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find((candidate) => candidate.name === port)?.containerPort;
}

/** Succeeds on a status from 200 to 399, as probes do. Never rejects. */
function httpGet(target: HttpGet, host: string, port: number, timeoutMs: number): Promise<Check> {
  const secure = target.scheme === 'HTTPS';
  const headers = Object.fromEntries((target.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = {
    host,
    port,
    path: target.path ?? '/',
    headers: { 'user-agent': 'kube-probe/1.36', accept: '*/*', ...headers },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
    // A kubelet does not verify the certificate of what it probes.
    ...(secure ? { rejectUnauthorized: false } : {}),
  };
  return new Promise((resolve) => {
    const request = (secure ? httpsRequest : httpRequest)(options, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      const ok = status >= 200 && status < 400;
      resolve(ok ? { ok } : { ok, why: `HTTP probe failed with statuscode: ${status}` });
    });
    request.once('error', (error) => {
      const late = error.name === 'AbortError' || error.name === 'TimeoutError';
      const cause = late ? 'context deadline exceeded' : error.message;
      resolve({ ok: false, why: `Get "http://${host}:${port}${options.path}": ${cause}` });
    });
    request.end();
  });
}

/** Never rejects. */
function tcpConnect(host: string, port: number, timeoutMs: number): Promise<Check> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const answer = (check: Check) => {
      socket.destroy();
      resolve(check);
    };
    socket.once('connect', () => {
      answer({ ok: true });
    });
    socket.once('timeout', () => {
      answer({ ok: false, why: `dial tcp ${host}:${port}: i/o timeout` });
    });
    socket.once('error', (error) => {
      answer({ ok: false, why: `dial tcp ${host}:${port}: ${error.message}` });
    });
  });
}
