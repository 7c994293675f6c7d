/** Asks one instance how it is, over its admin API. An answer is always a value: silence is one of the things it may say. */
import { request as send, type IncomingMessage } from 'node:http';
import type * as z from 'zod/mini';
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
  drain(address: string, token: string, order: DrainOrder): Promise<InstanceAnswer>;
  /** Has it try the route to another instance, which takes seconds when there is none. */
  probe(address: string, token: string, target: string): Promise<Tried>;
  close(): Promise<void>;
}

export interface DrainOrder {
  readonly timeoutSeconds: number;
  /** Another pod that has the address by now refuses. */
  readonly podUid: string;
}

interface Call<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly expected: number;
  readonly answer: z.ZodMiniType<T>;
  readonly body?: string;
  /** Default: the client's. */
  readonly withinMs?: number;
  /** Many may be asked at the same moment, and each can wait. */
  readonly inTurn?: boolean;
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
  const underWay = new Set<AbortController>();
  const turn = takeTurns();
  let isClosed = false;
  const call = async <T>(address: string, token: string, request: Call<T>): Promise<T | Silence> => {
    // Not of its time: who waits here has not been asked yet.
    if (request.inTurn) await turn();
    if (isClosed) return { kind: 'silent', error: 'closed' };
    const withinMs = request.withinMs ?? timeoutMs;
    const deadline = new AbortController();
    underWay.add(deadline);
    const cancel = clock.after(withinMs, () => {
      deadline.abort(new Error(`no answer within ${String(withinMs)} ms`));
    });
    try {
      const response = await sent({ address, port, token, signal: deadline.signal }, request);
      return read(response.statusCode ?? 0, request, await textOf(response));
    } catch (error) {
      const { reason } = deadline.signal as { reason?: Error };
      return { kind: 'silent', error: (reason ?? (error as Error)).message };
    } finally {
      cancel();
      underWay.delete(deadline);
    }
  };
  return {
    ask: (address, token) => call(address, token, question).then(asAnswer),
    drain: (address, token, { timeoutSeconds, podUid }) => {
      const request: DrainRequest = { timeoutSeconds, podUid };
      return call(address, token, { ...drainCall, body: JSON.stringify(request) }).then(asAnswer);
    },
    probe: async (address, token, target) => {
      const request: ProbeRequest = { target };
      const withinMs = probePatienceMs + probeMarginMs;
      const said = await call(address, token, { ...trial, withinMs, body: JSON.stringify(request) });
      return 'kind' in said ? { outcome: 'silent', detail: said.error, tookMs: 0 } : said;
    },
    close: () => {
      isClosed = true;
      for (const deadline of underWay) deadline.abort(new Error('closed'));
      return Promise.resolve();
    },
  };
}

const question: Call<InstanceReport> = {
  ...{ method: 'GET', path: paths.adminInstance, expected: 200 },
  answer: InstanceReport,
  inTurn: true,
};
const drainCall: Call<InstanceReport> = {
  ...{ method: 'POST', path: paths.adminDrain, expected: 202 },
  answer: InstanceReport,
};
const trial: Call<ProbeReport> = {
  ...{ method: 'POST', path: paths.adminProbe, expected: 200 },
  answer: ProbeReport,
};

/** Few enough to be over in a millisecond or two, and many enough for thousands of instances on a machine that is busy. */
const perTurn = 4;

/**
 * Resolves for a few callers in each turn of the event loop, in order. An operator that has just started asks a thousand instances, and
 * what waits for an answer of the API server must not wait for all of them.
 */
function takeTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const next = () => {
    for (const begin of waiting.splice(0, perTurn)) begin();
    if (waiting.length > 0) setImmediate(next);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}

const asAnswer = (said: InstanceReport | Silence): InstanceAnswer =>
  'kind' in said ? said : { kind: 'report', report: said };

interface Place {
  readonly address: string;
  readonly port: number;
  readonly token: string;
  readonly signal: AbortSignal;
}

/**
 * Over a connection of its own: a thousand instances are asked every few seconds, and what a pool keeps for each of them is
 * more than what opening one costs.
 */
function sent({ address, port, token, signal }: Place, call: Call<unknown>): Promise<IncomingMessage> {
  const { method, path, body } = call;
  const headers = { authorization: `Bearer ${token}`, connection: 'close' };
  return new Promise((resolve, reject) => {
    const request = send({ host: address, port, agent: false, method, path, headers, signal }, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > answerBytesMax) throw new Error('its admin API answered too much');
  }
  return text;
}

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
