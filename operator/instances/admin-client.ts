/** Asks one instance how it is, over its admin API. An answer is always a value: silence is one of the things it may say. */
import { Agent } from 'undici';
import { InstanceReport, type DrainRequest } from '../../common/admin-api.ts';
import type { Clock } from '../../common/clock.ts';
import { paths, ports } from '../../common/workload.ts';
import type { InstanceAnswer } from '../decide/seen.ts';

export interface AdminClient {
  /** @param address IP address of the pod */
  ask(address: string, token: string): Promise<InstanceAnswer>;
  /** Tells it to drain, which has no way back; asking again changes nothing. */
  drain(address: string, token: string, timeoutSeconds: number): Promise<InstanceAnswer>;
  close(): Promise<void>;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly expected: number;
  readonly body?: string;
}

export interface AdminClientOptions {
  readonly clock: Clock;
  /** For a whole call. Default 2000. */
  readonly timeoutMs?: number;
  /** Default: the admin port of a scheduler pod. */
  readonly port?: number;
}

/** A report is about one kilobyte. */
const answerBytesMax = 64 * 1024;

export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { clock, timeoutMs = 2_000, port = ports.admin } = options;
  const agent = new Agent({ connections: 1, keepAliveTimeout: 20_000, maxResponseSize: answerBytesMax });
  const call = async (address: string, token: string, request: Call): Promise<InstanceAnswer> => {
    const deadline = new AbortController();
    const cancel = clock.after(timeoutMs, () => {
      deadline.abort(new Error(`no answer within ${String(timeoutMs)} ms`));
    });
    try {
      const { statusCode, body } = await agent.request({
        origin: `http://${hostOf(address)}:${String(port)}`,
        path: request.path,
        method: request.method,
        headers: { authorization: `Bearer ${token}` },
        signal: deadline.signal,
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      return read(statusCode, request.expected, await body.text());
    } catch (error) {
      return { kind: 'silent', error: (error as Error).message };
    } finally {
      cancel();
    }
  };
  return {
    ask: (address, token) =>
      call(address, token, { method: 'GET', path: paths.adminInstance, expected: 200 }),
    drain: (address, token, timeoutSeconds) => {
      const request: DrainRequest = { timeoutSeconds };
      const body = JSON.stringify(request);
      return call(address, token, { method: 'POST', path: paths.adminDrain, expected: 202, body });
    },
    close: () => agent.destroy(),
  };
}

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

function read(status: number, expected: number, body: string): InstanceAnswer {
  if (status !== expected) return { kind: 'silent', error: `its admin API answered ${String(status)}` };
  const parsed = InstanceReport.safeParse(jsonOrUndefined(body));
  return parsed.success
    ? { kind: 'report', report: parsed.data }
    : { kind: 'silent', error: 'its admin API answered something that is not a report' };
}

function jsonOrUndefined(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
