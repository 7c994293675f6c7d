/**
 * HTTP to the API server: one answer per request within a time and a size, failures as `AppError`, and another try where
 * that is safe. It knows methods and bytes, and nothing of kinds.
 */
import type { Readable } from 'node:stream';
import { backoffMs } from '../../common/backoff.ts';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError, toAppError } from '../../common/errors.ts';
import type { Access, Login } from './login.ts';
import { failureOf } from './failures.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Doing it twice is the same as doing it once, so it is tried again when the answer may have got lost. */
  readonly repeatable: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

export interface TransportOptions {
  readonly credentials: Login;
  readonly userAgent: string;
  /** Time for one attempt, from the first byte sent to the last byte read; milliseconds. */
  readonly requestTimeoutMs: number;
  /** A larger answer is refused with `invalid`; bytes. */
  readonly answerBytesMax: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Asked before every attempt to write; when it says no, nothing is sent. */
  readonly mayWrite?: (() => boolean) | undefined;
  /** Requests wait for no other's answer; see connections.ts. */
  readonly goesBeside?: boolean;
  /** Told of every attempt; `status` is 0 when there was no answer. */
  readonly observe?: ((attempt: Attempt) => void) | undefined;
}

export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Until the last byte of the answer, or the first one of a stream. */
  readonly durationMs: number;
  readonly isStream: boolean;
}

type Seen = Pick<Attempt, 'status' | 'isStream'> & { readonly startedAt: number };

const retriesMax = 2;
const retryDelay = { baseMs: 200, capMs: 5_000 };

export class Transport {
  readonly #options: TransportOptions;
  readonly #server: URL;
  readonly #prefix: string;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#server = options.credentials.server;
    this.#prefix = this.#server.pathname.replace(/\/+$/, '');
  }

  /** The same way to the same server, for a process that may lose the right to write. */
  fenced(mayWrite: () => boolean): Transport {
    return new Transport({ ...this.#options, mayWrite });
  }

  /** The same way, without waiting for others. */
  beside(): Transport {
    return new Transport({ ...this.#options, goesBeside: true });
  }

  /** The decoded body of a success. Anything else throws. */
  async json(request: ApiRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return parse(request, succeeded(request, await this.answer(request)));
      } catch (error) {
        const delay = this.#delayBeforeRetry(request, toAppError(error), attempt);
        if (delay === undefined) throw error;
        await this.#options.clock.sleep(delay);
      }
    }
  }

  /** Whatever the server answers, once. Throws only when no complete answer came. */
  async answer(request: ApiRequest): Promise<ApiAnswer> {
    const startedAt = this.#options.clock.monotonic();
    const deadline = this.#deadline();
    let status = 0;
    try {
      const { statusCode, headers, body } = await this.#send(request, deadline.signal);
      status = statusCode;
      const text = await readAll(body, this.#options.answerBytesMax);
      return { status, body: text, retryAfter: header(headers['retry-after']) };
    } catch (error) {
      throw brokenOff(request, error, deadline.signal.aborted);
    } finally {
      deadline.cancel();
      this.#observe(request, { status, startedAt, isStream: false });
    }
  }

  /** The body of a success as a stream without end; the signal breaks the connection. */
  async open(request: ApiRequest, signal: AbortSignal): Promise<Readable> {
    const startedAt = this.#options.clock.monotonic();
    let status = 0;
    try {
      const { statusCode, headers, body } = await this.#send(request, signal, true);
      status = statusCode;
      if (status === 200) return body;
      const text = await readAll(body, this.#options.answerBytesMax);
      succeeded(request, { status, body: text, retryAfter: header(headers['retry-after']) });
      throw new AppError('unavailable', `${title(request)}: answered ${status} instead of a stream`);
    } catch (error) {
      throw brokenOff(request, error, false);
    } finally {
      this.#observe(request, { status, startedAt, isStream: true });
    }
  }

  async #send(
    { method, path, body, contentType }: ApiRequest,
    signal: AbortSignal,
    goesBeside = this.#options.goesBeside ?? false,
  ) {
    const { credentials, userAgent, mayWrite } = this.#options;
    const { headers, connections } = await beforeAbort<Access>(credentials.current(), signal);
    if (method !== 'GET' && mayWrite?.() === false) throw fencedOff(method, path);
    return connections.request({
      server: this.#server,
      goesBeside,
      path: this.#prefix + path,
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  }

  #deadline(): { signal: AbortSignal; cancel: () => void } {
    const controller = new AbortController();
    const cancel = this.#options.clock.after(this.#options.requestTimeoutMs, () => {
      controller.abort();
    });
    return { signal: controller.signal, cancel };
  }

  #delayBeforeRetry({ repeatable }: ApiRequest, error: AppError, attempt: number): number | undefined {
    if (!repeatable || attempt > retriesMax || !mayPassSoon(error)) return undefined;
    const draw = this.#options.random.next();
    const asked = error.facts['retryAfterMs'];
    if (typeof asked !== 'number') return backoffMs(attempt, draw, retryDelay);
    return Math.min(retryDelay.capMs, Math.round(asked * (1 + draw / 4)));
  }

  #observe({ method, path }: ApiRequest, { startedAt, ...seen }: Seen): void {
    const durationMs = this.#options.clock.monotonic() - startedAt;
    this.#options.observe?.({ method, path, ...seen, durationMs });
  }
}

/** A broken connection, too many requests, or a server that says when to come back. */
function mayPassSoon({ code, facts }: AppError): boolean {
  if (code !== 'unavailable' || facts['fenced']) return false;
  return facts['status'] === undefined || facts['status'] === 429 || facts['retryAfterMs'] !== undefined;
}

const fencedOff = (method: string, path: string): AppError =>
  new AppError(
    'unavailable',
    `${method} ${path.replace(/\?.*$/, '')}: this process does not lead; nothing is written`,
    {
      facts: { fenced: true },
    },
  );

function succeeded(request: ApiRequest, answer: ApiAnswer): ApiAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw failureOf({ request: title(request), ...answer });
}

function parse(request: ApiRequest, { status, body }: ApiAnswer): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    // Most likely a proxy's page of HTML.
    throw new AppError('unavailable', `${title(request)}: the answer is not JSON`, {
      cause: error,
      facts: { status },
    });
  }
}

async function readAll(body: Readable, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new AppError('invalid', `the answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = () => {
      reject(new Error('given up while waiting for credentials'));
    };
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', fail);
    });
  });
}

function brokenOff(request: ApiRequest, error: unknown, timedOut: boolean): AppError {
  if (timedOut) return new AppError('timeout', `${title(request)}: no answer in time`, { cause: error });
  if (error instanceof AppError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new AppError('unavailable', `${title(request)}: the connection broke: ${why}`, { cause: error });
}

const header = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** Method and path without the query: selectors and tokens of continuation say nothing in a log. */
const title = ({ method, path }: ApiRequest): string => `${method} ${path.replace(/\?.*$/, '')}`;
