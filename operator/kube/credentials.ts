/**
 * Which API server to talk to, as whom, and over which sockets.
 *
 * The client library reads the kubeconfig (or the pod's own files) and knows every way to log in: token files that
 * rotate, exec plugins, client certificates. It also builds a new connection pool for each request; here it
 * is only asked for the headers and the TLS settings, and one pool serves all requests until those settings change.
 */
import { createHash } from 'node:crypto';
import {
  dumpYaml,
  KubeConfig,
  loadYaml,
  type Cluster,
  type DispatcherOptions,
  type RequestContext,
} from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher, type buildConnector } from 'undici';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';

/** How long headers and TLS settings are used before the files behind them are read again. */
const recheckMs = 10_000;

/** What the library assumes when it found nothing: better to say so than to fail at every request. */
const libraryGuess = 'http://localhost:8080';

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

export interface KubeconfigSource {
  /** A kubeconfig file. Without it: `KUBECONFIG`, then the home directory, then the pod's service account. */
  readonly kubeconfig?: string;
  /** A context of that file instead of its current one. */
  readonly context?: string;
}

/** From a kubeconfig, or from the files of the pod. */
export class Credentials implements Login {
  readonly #clock: Clock;
  readonly #config: LoginConfig;
  readonly #pools = new Set<Dispatcher>();
  #pool: { readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;
  #cached: { readonly access: Promise<Access>; readonly until: number } | undefined;

  constructor(source: KubeconfigSource, clock: Clock) {
    this.#clock = clock;
    this.#config = load(source);
  }

  get server(): URL {
    return new URL(this.#config.cluster.server);
  }

  get namespace(): string {
    const context = this.#config.getContextObject(this.#config.currentContext);
    return context?.namespace?.trim() ?? 'default';
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
      const { headers, options } = await this.#config.login();
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

/** The library's kubeconfig, asked for headers and settings instead of for a connection pool. */
class LoginConfig extends KubeConfig {
  #options: DispatcherOptions = { type: 'none' };

  get cluster(): Cluster {
    const cluster = this.getCurrentCluster();
    if (!cluster)
      throw new AppError('config', `kubeconfig context '${this.currentContext}' names no cluster`);
    return cluster;
  }

  async login(): Promise<{ headers: Record<string, string>; options: DispatcherOptions }> {
    const headers: Record<string, string> = {};
    const request: Pick<RequestContext, 'setHeaderParam'> = {
      setHeaderParam: (name, value) => {
        headers[name.toLowerCase()] = value.trim();
      },
    };
    await this.applySecurityAuthentication(request as RequestContext);
    return { headers, options: this.#options };
  }

  override loadFromString(...[text, options]: Parameters<KubeConfig['loadFromString']>): void {
    super.loadFromString(withTokenFiles(text), options);
  }

  override createDispatcherOptions(
    ...[cluster, settings]: Parameters<KubeConfig['createDispatcherOptions']>
  ): DispatcherOptions {
    // The library refuses plain http unless TLS verification is off; without TLS there is nothing to verify.
    const plain = cluster?.server.startsWith('http:') && !cluster.proxyUrl;
    this.#options = plain ? { type: 'none' } : super.createDispatcherOptions(cluster, settings);
    return { type: 'none' };
  }
}

interface KubeconfigUsers {
  users?: { user?: { tokenFile?: string; 'auth-provider'?: unknown } }[];
}

/** The library overlooks `tokenFile` of a user, but knows such files by another name, and re-reads them. */
function withTokenFiles(text: string): string {
  const parsed = loadYaml<KubeconfigUsers>(text);
  for (const { user } of parsed.users ?? []) {
    if (user?.tokenFile === undefined) continue;
    user['auth-provider'] ??= { name: 'tokenFile', config: { tokenFile: user.tokenFile } };
  }
  return dumpYaml(parsed);
}

function load({ kubeconfig, context }: KubeconfigSource): LoginConfig {
  const config = new LoginConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new AppError('config', 'cannot read the kubeconfig', { cause: error, facts: { kubeconfig } });
  }
  if (kubeconfig === undefined && config.cluster.server === libraryGuess) {
    throw new AppError('config', 'there is no kubeconfig, and this is not a pod with a service account');
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (!URL.canParse(config.cluster.server)) {
    throw new AppError('config', `'${config.cluster.server}' is not the URL of an API server`);
  }
  return config;
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
