/** Asks one instance how it is, over its admin API. An answer is always a value: silence is one of the things it may say. */
import { Agent } from 'undici';
import type { z } from 'zod';
import {
  InstanceReport,
  probePatienceMs,
  ProbeReport,
  type DrainRequest,
  type ProbeRequest,
} from '../../common/admin-api.ts';
import type { Clock } from '../../common/clock.ts';
import { paths, ports } from '../../common/workload.ts';
import type { Tried } from '../decide/routes.ts';
import type { InstanceAnswer } from '../decide/seen.ts';

export interface AdminClient {
  /** @param address IP address of the pod */
  ask(address: string, token: string): Promise<InstanceAnswer>;
  /** Tells it to drain, which has no way back; asking again changes nothing. */
  drain(address: string, token: string, timeoutSeconds: number): Promise<InstanceAnswer>;
  /** Has it try the route to another instance, which takes seconds when there is none. */
  probe(address: string, token: string, target: string): Promise<Tried>;
  close(): Promise<void>;
}

interface Call<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly expected: number;
  readonly answer: z.ZodType<T>;
  readonly body?: string;
  /** Default: the client's. */
  readonly withinMs?: number;
}

type Silence = Extract<InstanceAnswer, { kind: 'silent' }>;

export interface AdminClientOptions {
  readonly clock: Clock;
  /** For a whole call. Default 2000. */
  readonly timeoutMs?: number;
  /** Default: the admin port of a scheduler pod. */
  readonly port?: number;
}

/** A report is about one kilobyte. */
const answerBytesMax = 64 * 1024;

/** What a probe may take besides its patience: writing and removing, each within Redis' own time-outs. */
const probeMarginMs = 15_000;

export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { clock, timeoutMs = 2_000, port = ports.admin } = options;
  // A probe may take long; other questions must not wait behind it.
  const agent = new Agent({ connections: 2, keepAliveTimeout: 20_000, maxResponseSize: answerBytesMax });
  const call = async <T>(address: string, token: string, request: Call<T>): Promise<T | Silence> => {
    const withinMs = request.withinMs ?? timeoutMs;
    const deadline = new AbortController();
    const cancel = clock.after(withinMs, () => {
      deadline.abort(new Error(`no answer within ${String(withinMs)} ms`));
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
      return read(statusCode, request, await body.text());
    } catch (error) {
      return { kind: 'silent', error: (error as Error).message };
    } finally {
      cancel();
    }
  };
  return {
    ask: (address, token) => call(address, token, question).then(asAnswer),
    drain: (address, token, timeoutSeconds) => {
      const request: DrainRequest = { timeoutSeconds };
      return call(address, token, { ...order, body: JSON.stringify(request) }).then(asAnswer);
    },
    probe: async (address, token, target) => {
      const request: ProbeRequest = { target };
      const withinMs = probePatienceMs + probeMarginMs;
      const said = await call(address, token, { ...trial, withinMs, body: JSON.stringify(request) });
      return 'kind' in said ? { outcome: 'silent', detail: said.error, tookMs: 0 } : said;
    },
    close: () => agent.destroy(),
  };
}

const question: Call<InstanceReport> = {
  ...{ method: 'GET', path: paths.adminInstance, expected: 200 },
  answer: InstanceReport,
};
const order: Call<InstanceReport> = {
  ...{ method: 'POST', path: paths.adminDrain, expected: 202 },
  answer: InstanceReport,
};
const trial: Call<ProbeReport> = {
  ...{ method: 'POST', path: paths.adminProbe, expected: 200 },
  answer: ProbeReport,
};

const asAnswer = (said: InstanceReport | Silence): InstanceAnswer =>
  'kind' in said ? said : { kind: 'report', report: said };

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

function read<T>(status: number, { expected, answer }: Call<T>, body: string): T | Silence {
  if (status !== expected) return { kind: 'silent', error: `its admin API answered ${String(status)}` };
  const parsed = answer.safeParse(jsonOrUndefined(body));
  return parsed.success
    ? parsed.data
    : { kind: 'silent', error: 'its admin API answered something that is not a report' };
}

function jsonOrUndefined(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
