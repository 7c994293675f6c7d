/**
 * The front of the pocket cluster: an API server, controllers and a kubelet, as many of them ours as the place needs.
 *
 *   nothing given    the API server double with our controllers and kubelet, all in this process
 *   assets           a real kube-apiserver on loopback; our controllers only when it brings none; our kubelet
 *   kubeconfig       a cluster that runs already; our controllers and our kubelet only when it has none
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { Lifecycle } from '../../common/lifecycle.ts';
import { connect, type KubeClient } from '../../operator/kube/client.ts';
import { serviceAccounts } from '../../operator/kube/resources.ts';
import { controllersAct, hasNodes } from './acting.ts';
import { readPair, type Authority } from './certificates.ts';
import { startDouble } from './double.ts';
import { startControllers } from './controllers/controllers.ts';
import { clusterAccess, kubeconfig, writeKubeconfig, type ClusterAccess } from './kubeconfig.ts';
import type { Images } from './kubelet/images.ts';
import { loopbackRange, testRange } from './kubelet/addresses.ts';
import { startKubelet, type Kubelet, type KubeletOptions } from './kubelet/kubelet.ts';
import type { RestartDelay } from './kubelet/restart.ts';
import { startRealApiServer } from './real-apiserver.ts';

export interface ClusterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Everything lies in here. Without it: a temporary directory, removed by `stop`. */
  readonly directory?: string;
  /** An existing cluster. */
  readonly kubeconfig?: string;
  /** A folder with `kube-apiserver`. */
  readonly assets?: string;
  /** What images are: see `kubelet/images.ts`. `node` is always there. */
  readonly images?: Images;
  readonly restartDelay?: RestartDelay;
  /** Keep the directories of pods that are gone, with their logs. */
  readonly keepDirectories?: boolean;
  /** Where processes without `workingDir` run. */
  readonly workingDirectory: string;
  /** The PATH that processes inherit and in which programs are looked for. */
  readonly path?: string;
}

export type ClusterKind = 'pocket' | 'envtest' | 'external';

export interface Cluster {
  readonly kind: ClusterKind;
  /** File of a kubeconfig with every right. */
  readonly kubeconfig: string;
  readonly directory: string;
  /** A client with every right. */
  readonly kube: KubeClient;
  /** Our kubelet; undefined where the cluster has nodes of its own. */
  readonly kubelet: Kubelet | undefined;
  /** File of a kubeconfig that acts as `system:serviceaccount:<namespace>:<name>`, which must exist. */
  kubeconfigFor(user: string): Promise<string>;
  /** Ends everything that was started; safe to call again. */
  stop(): Promise<void>;
}

const stopGraceMs = 20_000;

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const life = new Lifecycle({ ...options, graceMs: stopGraceMs });
  try {
    const cluster = await start(options, life);
    life.ready();
    return cluster;
  } catch (error) {
    await life.stop('the cluster did not start');
    throw error;
  }
}

async function start(options: ClusterOptions, life: Lifecycle): Promise<Cluster> {
  const directory = await openDirectory(options, life);
  let kubelet: Kubelet | undefined;
  const server = await startServer(options, directory, life, () => kubelet);
  const kube = connect({
    ...options,
    kubeconfig: server.kubeconfig,
    fieldManager: 'pocket-cluster',
    userAgent: 'pocket-cluster',
    requestTimeoutMs: 30_000,
  });
  life.onStop('client', () => kube.close());
  const access = await clusterAccess(server.kubeconfig);
  if (!(await server.hasControllers(kube))) {
    const controllers = await startControllers({
      ...options,
      kube,
      certificateAuthority: access.certificateAuthority,
    });
    life.onStop('controllers', () => controllers.stop());
  }
  if (!(await server.hasNodes(kube))) {
    kubelet = await startNode({ ...options, ...server.node }, directory, kube, access);
    const node = kubelet;
    life.onStop('kubelet', () => node.stop());
  }
  return {
    kind: server.kind,
    kubeconfig: server.kubeconfig,
    directory,
    kube,
    kubelet,
    kubeconfigFor: (user) => kubeconfigFor(user, { kube, access, directory }),
    stop: () => life.stop('asked to'),
  };
}

async function openDirectory({ directory }: ClusterOptions, life: Lifecycle): Promise<string> {
  if (directory !== undefined) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return directory;
  }
  const temporary = await mkdtemp(join(tmpdir(), 'pocket-cluster-'));
  life.onStop('directory', () => rm(temporary, { recursive: true, force: true }));
  return temporary;
}

interface Server {
  readonly kind: ClusterKind;
  readonly kubeconfig: string;
  hasControllers(kube: KubeClient): Promise<boolean>;
  hasNodes(kube: KubeClient): Promise<boolean>;
  /** What a kubelet must be for it. */
  readonly node?: Pick<KubeletOptions, 'addressRanges' | 'servingFor'>;
}

const no = () => Promise.resolve(false);

async function startServer(
  options: ClusterOptions,
  directory: string,
  life: Lifecycle,
  kubelet: () => Kubelet | undefined,
): Promise<Server> {
  if (options.kubeconfig !== undefined) {
    const hasControllers = (kube: KubeClient) => controllersAct(kube, options);
    const node = { addressRanges: realRanges };
    return { kind: 'external', kubeconfig: options.kubeconfig, hasControllers, hasNodes, node };
  }
  if (options.assets !== undefined) {
    const real = await startRealApiServer({
      ...options,
      assets: options.assets,
      directory: join(directory, 'control-plane'),
    });
    life.onStop('API server', () => real.stop());
    const hasControllers = () => Promise.resolve(real.hasControllers);
    const node = { addressRanges: realRanges, servingFor: kubeletKeys(real.authority) };
    return { kind: 'envtest', kubeconfig: real.kubeconfig, hasControllers, hasNodes: no, node };
  }
  const double = await startDouble({ ...options, directory, kubelet });
  life.onStop('API server', () => double.stop());
  return { kind: 'pocket', kubeconfig: double.kubeconfig, hasControllers: no, hasNodes: no };
}

/** A real API server wants other addresses than loopback ones in endpoints, so these come first. */
const realRanges = [testRange, loopbackRange];

/** The authority signs the node's certificate, and whoever it signed may read logs. */
const kubeletKeys = (authority: Authority) => async (address: string) => {
  const { certificate, key } = await readPair(await authority.forServer('kubelet', [address]));
  return { certificate, key, clientAuthority: await readFile(authority.certificate, 'utf8') };
};

function startNode(
  options: ClusterOptions & Server['node'],
  directory: string,
  kube: KubeClient,
  cluster: ClusterAccess,
): Promise<Kubelet> {
  return startKubelet({
    ...options,
    kube,
    cluster,
    directory: join(directory, 'node'),
    nodeName: 'pocket',
    images: { node: [process.execPath], ...options.images },
  });
}

const accountPattern = /^system:serviceaccount:([^:]+):([^:]+)$/;

async function kubeconfigFor(
  user: string,
  { kube, access, directory }: { kube: KubeClient; access: ClusterAccess; directory: string },
): Promise<string> {
  const [, namespace, name] = accountPattern.exec(user) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new AppError('config', `'${user}' is not system:serviceaccount:<namespace>:<name>`);
  }
  const { status } = await kube.subresource<{ status: { token: string } }>({
    resource: serviceAccounts,
    name: { namespace, name },
    subresource: 'token',
    method: 'POST',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name, namespace },
      spec: { expirationSeconds: 24 * 3600 },
    },
  });
  const file = join(directory, `${namespace}.${name}.kubeconfig`);
  return writeKubeconfig(file, kubeconfig(access, { token: status.token }, namespace));
}
