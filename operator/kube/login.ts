/** What a client needs to know of its server and of itself, and the sockets that it talks over. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { createConnections, type Connections, type ConnectionSettings } from './connections.ts';

export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: Pick<Connections, 'request'>;
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
  readonly settings: ConnectionSettings;
}

/** How long headers and TLS settings are used before the files behind them are read again. */
const recheckMs = 10_000;

/** Asks again from time to time; the same connections serve all requests until the TLS settings change. */
export class Sessions {
  readonly #ask: () => Promise<Said>;
  readonly #clock: Clock;
  readonly #all = new Set<Connections>();
  #now: { readonly fingerprint: string; readonly connections: Connections } | undefined;
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

  close(): Promise<void> {
    for (const connections of this.#all) connections.close();
    return Promise.resolve();
  }

  async #login(): Promise<Access> {
    try {
      const { headers, settings } = await this.#ask();
      return { headers, connections: this.#connectionsFor(settings) };
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('unavailable', 'cannot get credentials for the API server', { cause: error });
    }
  }

  #connectionsFor(settings: ConnectionSettings): Connections {
    const fingerprint = createHash('sha256').update(JSON.stringify(settings)).digest('base64');
    if (this.#now?.fingerprint === fingerprint) return this.#now.connections;
    // Requests in flight end on the old connections; a watch moves over when it ends, in minutes.
    const former = this.#now?.connections;
    void former?.retire().then(() => this.#all.delete(former));
    const connections = createConnections(settings, this.#clock);
    this.#now = { fingerprint, connections };
    this.#all.add(connections);
    return connections;
  }
}
