/**
 * Which API server to talk to and as whom, by a kubeconfig.
 *
 * The client library reads it and knows every way to log in: token files that rotate, exec plugins, client certificates. It
 * also builds a new connection pool for each request; here it is only asked for the headers and the TLS settings. It is
 * large: a program in a pod does without it (see pod-login.ts), and the bundle has only what is called here (see build.ts).
 */
import type { Cluster, DispatcherOptions, RequestContext } from '@kubernetes/client-node';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { parse, stringify } from 'yaml';
import type { ConnectionSettings } from './connections.ts';
import type { Said } from './login.ts';

/** What the library assumes when it found nothing: better to say so than to fail at every request. */
const libraryGuess = 'http://localhost:8080';

const noSocks = 'a SOCKS proxy in the kubeconfig is not supported';

export interface KubeconfigSource {
  /** A kubeconfig file. Without it: `KUBECONFIG`, then the home directory, then the pod's service account. */
  readonly kubeconfig?: string;
  /** A context of that file instead of its current one. */
  readonly context?: string;
}

export interface Kubeconfig {
  readonly server: URL;
  readonly namespace: string;
  /** What the files behind it say now. */
  readonly said: () => Promise<Said>;
}

/** Throws when there is none that can be used, with a sentence why. */
export function readKubeconfig(source: KubeconfigSource): Kubeconfig {
  const config = load(source);
  const context = config.getContextObject(config.currentContext);
  return {
    server: new URL(config.cluster.server),
    namespace: context?.namespace?.trim() ?? 'default',
    said: () => config.said(),
  };
}

/** The library's kubeconfig, asked for headers and settings instead of for a connection pool. */
class LoginConfig extends KubeConfig {
  #options: DispatcherOptions = { type: 'none' };

  get cluster(): Cluster {
    const cluster = this.getCurrentCluster();
    if (!cluster) throw new Error(`kubeconfig context '${this.currentContext}' names no cluster`);
    return cluster;
  }

  async said(): Promise<Said> {
    const headers: Record<string, string> = {};
    const request: Pick<RequestContext, 'setHeaderParam'> = {
      setHeaderParam: (name, value) => {
        headers[name.toLowerCase()] = value.trim();
      },
    };
    await this.applySecurityAuthentication(request as RequestContext);
    return { headers, settings: settingsOf(this.#options) };
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

function settingsOf(options: DispatcherOptions): ConnectionSettings {
  switch (options.type) {
    case 'none':
      return {};
    case 'agent':
      return { tls: options.connect };
    case 'proxy':
      return { tls: options.requestTls, proxy: options.uri };
    case 'socks':
      throw new Error(noSocks);
  }
}

interface KubeconfigUsers {
  users?: { user?: { tokenFile?: string; 'auth-provider'?: unknown } }[];
}

/** The library overlooks `tokenFile` of a user, but knows such files by another name, and re-reads them. */
function withTokenFiles(text: string): string {
  const parsed = parse(text) as KubeconfigUsers;
  for (const { user } of parsed.users ?? []) {
    if (user?.tokenFile === undefined) continue;
    user['auth-provider'] ??= { name: 'tokenFile', config: { tokenFile: user.tokenFile } };
  }
  return stringify(parsed);
}

function load({ kubeconfig, context }: KubeconfigSource): LoginConfig {
  const config = new LoginConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Error(kubeconfig === undefined ? 'cannot read the kubeconfig' : `cannot read ${kubeconfig}`, {
      cause: error,
    });
  }
  if (kubeconfig === undefined && config.cluster.server === libraryGuess) {
    throw new Error('there is no kubeconfig, and this is not a pod with a service account');
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (!URL.canParse(config.cluster.server)) {
    throw new Error(`'${config.cluster.server}' is not the URL of an API server`);
  }
  if (config.cluster.proxyUrl?.startsWith('socks')) throw new Error(noSocks);
  return config;
}
