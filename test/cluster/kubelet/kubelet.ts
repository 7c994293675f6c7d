/**
 * A kubelet that runs pods as plain processes: registers one Node, places pods on it, and keeps one worker for each. It speaks only
 * the API, so it serves a real API server as well as the double.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Random } from '../../../common/clock.ts';
import { Lifecycle } from '../../../common/lifecycle.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import {
  configMaps,
  endpoints,
  pods,
  secrets,
  type ConfigMap,
  type Endpoints,
  type Pod,
  type Secret,
} from '../../../operator/kube/resources.ts';
import { eventRecorder } from '../events.ts';
import type { ClusterAccess } from '../kubeconfig.ts';
import { loopbackRange, type AddressPool, type AddressRange } from './addresses.ts';
import { watchClaims } from './claims.ts';
import { searchPath } from './command.ts';
import type { Images } from './images.ts';
import type { ContainerLog } from './logs.ts';
import { namesOf, writeNames } from './names.ts';
import type { NodeContext } from './node-context.ts';
import { claimNetwork } from './network.ts';
import { heartbeat, heartbeatMs, registerNode } from './node.ts';
import { PodWorker } from './pod-worker.ts';
import { ProcessTable, type RunningProcess } from './processes.ts';
import { shortRestartDelay, type RestartDelay } from './restart.ts';
import { startScheduler } from './scheduler.ts';
import { startKubeletServer, type KubeletServer, type ServingKeys } from './server.ts';
import { tokenRequests } from './service-account.ts';

export interface KubeletOptions {
  readonly kube: KubeClient;
  readonly cluster: ClusterAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Everything of the node lies in here; a second kubelet in the same directory ends what the first left behind. */
  readonly directory: string;
  readonly images: Images;
  readonly nodeName: string;
  /** Where pods' addresses are from: the first of these that is this machine's. Loopback when absent. */
  readonly addressRanges?: readonly AddressRange[];
  /** Keys to serve an API server with at this address; without, logs are had by `log` and commands run by `exec` alone. */
  readonly servingFor?: (address: string) => Promise<ServingKeys>;
  readonly restartDelay?: RestartDelay;
  readonly keepDirectories?: boolean;
  /** Where a process without `workingDir` runs; the project's root as a rule. */
  readonly workingDirectory: string;
  /** The PATH that processes inherit. */
  readonly path?: string;
}

export interface Kubelet {
  readonly nodeName: string;
  readonly nodeAddress: string;
  /** A container's log; undefined when there is no such pod, container or run. */
  log(query: LogQuery): ContainerLog | undefined;
  /** Starts a command in a container, with pipes; undefined when no such container runs. */
  exec(query: ExecQuery): RunningProcess | undefined;
  /** How many processes run now. */
  readonly processCount: number;
  /** Ends everything that was started and waits until it is gone. */
  stop(): Promise<void>;
}

export interface LogQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly previous?: boolean;
}

export interface ExecQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
  readonly command: readonly string[];
}

const stopGraceMs = 10_000;

export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const life = new Lifecycle({
    ...options,
    log: options.log.child({ part: 'kubelet' }),
    graceMs: stopGraceMs,
  });
  try {
    return await start(options, life);
  } catch (error) {
    await life.stop('the kubelet did not start');
    throw error;
  }
}

async function start(options: KubeletOptions, life: Lifecycle): Promise<Kubelet> {
  const { nodeName, kube, clock } = options;
  const network = await claimNetwork(options.addressRanges ?? [loopbackRange], options.random);
  life.onStop('network', () => network.release());
  const processes = await ProcessTable.open(join(options.directory, 'processes'));
  life.onStop('processes', () => processes.close());
  const sources = watchSources(options, () => {
    for (const worker of workers.all()) worker.refreshVolumes();
  });
  life.onStop('sources', sources.stop);
  const names = watchNames(options);
  life.onStop('names', () => {
    names.stop();
  });
  const workers = new Workers(nodeContext(options, processes, network.addresses, sources));
  life.onStop('pods', () => workers.abandon());
  const { nodeAddress } = network.addresses;
  const server = await serve(options, nodeAddress, workers, life);
  await registerNode(kube, clock, nodeName, nodeAddress, server?.port);
  await Promise.all([sources.synced, names.synced]);
  const bound = watchBoundPods(options, workers);
  life.onStop('bound pods', () => {
    bound.stop();
  });
  await bound.synced;
  life.onStop(
    'scheduler',
    await startScheduler({ ...options, record: recorder(options, 'default-scheduler') }),
  );
  void beat(options, life.signal, workers);
  return {
    nodeName,
    nodeAddress,
    log: (query) => workers.log(query),
    exec: (query) => workers.exec(query),
    get processCount() {
      return processes.size;
    },
    stop: () => life.stop('asked to'),
  };
}

async function serve(
  { servingFor, clock }: KubeletOptions,
  nodeAddress: string,
  workers: Workers,
  life: Lifecycle,
): Promise<KubeletServer | undefined> {
  if (!servingFor) return undefined;
  const serving = await servingFor(nodeAddress);
  const server = await startKubeletServer({
    ...serving,
    address: nodeAddress,
    clock,
    log: (query) => workers.log(query),
    exec: (query) => workers.exec(query),
  });
  life.onStop('server', () => server.stop());
  return server;
}

/** One worker for each pod, by name; of two pods with one name the later waits until the earlier is gone. */
class Workers {
  readonly #node: NodeContext;
  readonly #workers = new Map<string, PodWorker>();
  readonly #leaving = new Set<Promise<void>>();

  constructor(node: NodeContext) {
    this.#node = node;
  }

  all(): PodWorker[] {
    return [...this.#workers.values()];
  }

  changed(key: string, pod: Pod | undefined): void {
    const worker = this.#workers.get(key);
    if (worker && worker.uid === pod?.metadata.uid && pod) {
      worker.update(pod);
      return;
    }
    if (worker) this.#remove(key, worker);
    if (pod) this.#workers.set(key, new PodWorker(pod, this.#node));
  }

  log({ namespace, pod, container, previous }: LogQuery): ContainerLog | undefined {
    return this.#workers.get(`${namespace}/${pod}`)?.log(container, previous ?? false);
  }

  exec({ namespace, pod, container, command }: ExecQuery): RunningProcess | undefined {
    return this.#workers.get(`${namespace}/${pod}`)?.exec(container, command);
  }

  async abandon(): Promise<void> {
    const all = this.all();
    for (const worker of all) worker.abandon();
    await Promise.all([...all.map((worker) => worker.finished), ...this.#leaving]);
  }

  #remove(key: string, worker: PodWorker): void {
    this.#workers.delete(key);
    worker.removed();
    const leaving = worker.finished.finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}

function nodeContext(
  options: KubeletOptions,
  processes: ProcessTable,
  addresses: AddressPool,
  sources: NodeContext['sources'],
): NodeContext {
  return {
    ...options,
    processes,
    addresses,
    sources,
    requestToken: tokenRequests(options.kube, options.clock),
    restartDelay: options.restartDelay ?? shortRestartDelay,
    record: recorder(options, 'kubelet'),
    podsDirectory: join(options.directory, 'pods'),
    keepDirectories: options.keepDirectories ?? false,
    searchPath: searchPath(options.path),
    namesFile: namesFile(options),
  };
}

const recorder = (options: KubeletOptions, component: string) =>
  eventRecorder({ ...options, component, host: options.nodeName });

function watchBoundPods(options: KubeletOptions, workers: Workers): Reflector<Pod> {
  return new Reflector<Pod>({
    ...options,
    resource: pods,
    query: { namespace: undefined, fieldSelector: `spec.nodeName=${options.nodeName}` },
    onChange: (key, _before, after) => {
      workers.changed(key, after);
    },
  });
}

const namesFile = ({ directory }: KubeletOptions): string => join(directory, 'names.json');

function watchNames(options: KubeletOptions): Reflector<Endpoints> {
  const write = () => {
    writeNames(namesFile(options), namesOf(reflector.list()));
  };
  const reflector: Reflector<Endpoints> = new Reflector<Endpoints>({
    ...options,
    resource: endpoints,
    query: { namespace: undefined },
    onChange: write,
  });
  write();
  return reflector;
}

function watchSources(options: KubeletOptions, onChange: () => void) {
  const query = { namespace: undefined };
  const maps = new Reflector<ConfigMap>({ ...options, resource: configMaps, query, onChange });
  const hidden = new Reflector<Secret>({ ...options, resource: secrets, query, onChange });
  const claims = watchClaims({ ...options, onChange });
  return {
    configMap: (namespace: string, name: string) => maps.get({ namespace, name }),
    secret: (namespace: string, name: string) => hidden.get({ namespace, name }),
    claimDirectory: (namespace: string, name: string) => claims.directoryOf(namespace, name),
    synced: Promise.all([maps.synced, hidden.synced, claims.synced]),
    stop: () => {
      claims.stop();
      maps.stop();
      hidden.stop();
    },
  };
}

/** Renews the node's lease, and looks after the tokens in volumes, which age without any change in the API. */
async function beat(
  { kube, clock, log, nodeName }: KubeletOptions,
  stopped: AbortSignal,
  workers: Workers,
): Promise<void> {
  while (!stopped.aborted) {
    try {
      await heartbeat(kube, clock, nodeName);
    } catch (error) {
      log.debug({ err: error }, 'node lease not renewed');
    }
    for (const worker of workers.all()) worker.refreshVolumes();
    await clock.sleep(heartbeatMs, stopped);
  }
}
