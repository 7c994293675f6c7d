/**
 * Which API server to talk to and as whom, by a kubeconfig.
 *
 * The client library reads it and knows every way to log in: token files that rotate, exec plugins, client certificates. It
 * also builds a new connection pool for each request; here it is only asked for the headers and the TLS settings. It is
 * large: a program in a pod does without it, see pod-login.ts.
 */
import {
  dumpYaml,
  KubeConfig,
  loadYaml,
  type Cluster,
  type DispatcherOptions,
  type RequestContext,
} from '@kubernetes/client-node';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { Sessions, type Access, type Login } from './login.ts';

/** What the library assumes when it found nothing: better to say so than to fail at every request. */
const libraryGuess = 'http://localhost:8080';

export interface KubeconfigSource {
  /** A kubeconfig file. Without it: `KUBECONFIG`, then the home directory, then the pod's service account. */
  readonly kubeconfig?: string;
  /** A context of that file instead of its current one. */
  readonly context?: string;
}

/** From a kubeconfig, or from the files of the pod. */
export class Credentials implements Login {
  readonly #config: LoginConfig;
  readonly #sessions: Sessions;

  constructor(source: KubeconfigSource, clock: Clock) {
    const config = load(source);
    this.#config = config;
    this.#sessions = new Sessions(() => config.login(), clock);
  }

  get server(): URL {
    return new URL(this.#config.cluster.server);
  }

  get namespace(): string {
    const context = this.#config.getContextObject(this.#config.currentContext);
    return context?.namespace?.trim() ?? 'default';
  }

  current(): Promise<Access> {
    return this.#sessions.current();
  }

  close(): Promise<void> {
    return this.#sessions.close();
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
