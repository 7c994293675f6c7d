/** What a client needs to know of its server and of itself, and the sockets that it talks over. */
import { createHash } from 'node:crypto';
import { Agent, ProxyAgent, type Dispatcher, type buildConnector } from 'undici';
import type { DispatcherOptions } from '@kubernetes/client-node';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';

export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** What a client needs to know of the server and of itself. */
export interface Login {
  /** Base URL of the API server, possibly with a path (a proxy in front of several clusters). */
  readonly server: URL;
  /** The namespace of the context; in a pod, the pod's own. */
  readonly namespace: string;
  /** What the next request needs. Throws `unavailable` when it cannot be had. */
  current(): Promise<Access>;
  /** Breaks every connection, also those of requests in flight. */
  close(): Promise<void>;
}

/** What the files behind a login say now. */
export interface Said {
  readonly headers: Readonly<Record<string, string>>;
  readonly options: DispatcherOptions;
}

/** How long headers and TLS settings are used before the files behind them are read again. */
const recheckMs = 10_000;

/** Asks again from time to time; one pool of connections serves all requests until the TLS settings change. */
export class Sessions {
  readonly #ask: () => Promise<Said>;
  readonly #clock: Clock;
  readonly #pools = new Set<Dispatcher>();
  #pool: { readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;
  #cached: { readonly access: Promise<Access>; readonly until: number } | undefined;

  constructor(ask: () => Promise<Said>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  current(): Promise<Access> {
    const now = this.#clock.monotonic();
    if (!this.#cached || now >= this.#cached.until) {
      const access = this.#login();
      this.#cached = { access, until: now + recheckMs };
      access.catch(() => (this.#cached = undefined));
    }
    return this.#cached.access;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools].map((pool) => pool.destroy()));
  }

  async #login(): Promise<Access> {
    try {
      const { headers, options } = await this.#ask();
      return { headers, dispatcher: this.#poolFor(options) };
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('unavailable', 'cannot get credentials for the API server', { cause: error });
    }
  }

  #poolFor(options: DispatcherOptions): Dispatcher {
    const fingerprint = createHash('sha256').update(JSON.stringify(options)).digest('base64');
    if (this.#pool?.fingerprint === fingerprint) return this.#pool.dispatcher;
    const retired = this.#pool?.dispatcher;
    const dispatcher = createPool(options);
    this.#pool = { fingerprint, dispatcher };
    this.#pools.add(dispatcher);
    // Requests in flight end on the old connections; a watch moves over when it ends, in minutes.
    void retired?.close().then(() => this.#pools.delete(retired));
    return dispatcher;
  }
}

function createPool(options: DispatcherOptions): Dispatcher {
  // HTTP/1.1 on purpose: an operator has few requests at a time, and one broken connection then breaks one watch.
  const common = { allowH2: false, keepAliveTimeout: 60_000, headersTimeout: 0, bodyTimeout: 0 };
  switch (options.type) {
    case 'none':
      return new Agent({ ...common, connect: connector({}) });
    case 'agent':
      return new Agent({ ...common, connect: connector(options.connect) });
    case 'proxy':
      return new ProxyAgent({ ...common, uri: options.uri, requestTls: connector(options.requestTls) });
    case 'socks':
      throw new AppError('config', 'a SOCKS proxy in the kubeconfig is not supported');
  }
}

function connector(tls: object): buildConnector.BuildOptions {
  return { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
}
