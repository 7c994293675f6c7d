/** HTTP without sockets: a handler as the server, and connections that the operator's own client sends its requests through. */
import { Readable } from 'node:stream';
import { callsMax, type Connections } from '../../../operator/kube/connections.ts';

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whole, or piece by piece without end. A throw in between is a broken connection. */
  readonly body: string | AsyncIterable<string>;
}

/** Rejects when the connection breaks before an answer. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;

/** As many requests at a time as over sockets; what goes beside is not counted. */
export function memoryConnections(handle: HttpHandler): Pick<Connections, 'request'> {
  const waiting: (() => void)[] = [];
  let free = callsMax;
  const inTurn: HttpHandler = async (asked) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      asked.signal.throwIfAborted();
      return await handle(asked);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
  return {
    async request({ method, path, headers, body = '', goesBeside = false, signal }) {
      const asked = { method, path, contentType: headers['content-type'] ?? '', body, signal };
      const answer = goesBeside ? handle(asked) : inTurn(asked);
      const { status, headers: told = {}, body: said } = await beforeAbort(answer, signal);
      return {
        statusCode: status,
        headers: { 'content-type': 'application/json', ...told },
        body: streamOf(said, signal),
      };
    },
  };
}

/** An answer that comes after the client hung up reaches nobody. */
function beforeAbort<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const hungUp = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) hungUp();
    signal.addEventListener('abort', hungUp, { once: true });
    answer.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', hungUp);
    });
  });
}

function streamOf(said: HttpAnswer['body'], signal: AbortSignal): Readable {
  const body = Readable.from(bytesOf(said), { objectMode: false, signal });
  // As with a socket: nobody needs to listen for the end of what nobody reads.
  return body.on('error', () => undefined);
}

async function* bytesOf(said: HttpAnswer['body']): AsyncGenerator<Buffer> {
  for await (const piece of typeof said === 'string' ? [said] : said) yield Buffer.from(piece);
}
