/** HTTP without sockets: a handler as the server, and a dispatcher that the operator's own client sends its requests through. */
import { Dispatcher } from 'undici';

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

export class MemoryDispatcher extends Dispatcher {
  readonly #handle: HttpHandler;

  constructor(handle: HttpHandler) {
    super();
    this.#handle = handle;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void new Exchange(handler).run(options, this.#handle);
    return true;
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  override destroy(): Promise<void> {
    return Promise.resolve();
  }
}

/** One request as undici speaks of it. */
class Exchange implements Dispatcher.DispatchController {
  readonly rawHeaders = [];
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #hungUp = new AbortController();
  reason: Error | null = null;
  paused = false;
  #isOver = false;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  get aborted(): boolean {
    return this.#hungUp.signal.aborted;
  }

  abort(reason: Error): void {
    if (this.#isOver) return;
    this.reason = reason;
    this.#hungUp.abort();
    this.#fail(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  async run(options: Dispatcher.DispatchOptions, handle: HttpHandler): Promise<void> {
    try {
      this.#handler.onRequestStart?.(this, {});
      if (this.aborted) return;
      const { status, headers = {}, body } = await handle(this.#requestOf(options));
      if (this.#hasEnded()) return;
      this.#handler.onResponseStart?.(this, status, { 'content-type': 'application/json', ...headers }, '');
      await this.#send(body);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  async #send(body: HttpAnswer['body']): Promise<void> {
    for await (const piece of typeof body === 'string' ? [body] : body) {
      if (this.aborted) return;
      this.#handler.onResponseData?.(this, Buffer.from(piece));
    }
    if (this.#hasEnded()) return;
    this.#isOver = true;
    this.#handler.onResponseEnd?.(this, {});
  }

  #hasEnded(): boolean {
    return this.#isOver;
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onResponseError?.(this, error);
  }

  #requestOf({ method, path, headers, body }: Dispatcher.DispatchOptions): HttpRequest {
    const contentType = (headers as Readonly<Record<string, string>>)['content-type'] ?? '';
    const text = typeof body === 'string' ? body : '';
    return { method, path, contentType, body: text, signal: this.#hungUp.signal };
  }
}
