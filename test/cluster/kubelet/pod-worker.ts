/**
 * One pod on this node, from the moment it is bound to us until nothing is left of it: address and volumes, init containers one
 * after another, the others side by side, then their end and the last delete that takes the pod out of the API.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toAppError } from '../../../common/errors.ts';
import { pods, type Pod } from '../../../operator/kube/resources.ts';
import { canonicalJson } from '../controllers/hash.ts';
import { isFinished } from '../controllers/pods.ts';
import { aborted, Deadline } from '../deadline.ts';
import { Container, type ContainerSpec } from './container.ts';
import { logFile, type ContainerLog } from './logs.ts';
import type { NodeContext } from './node-context.ts';
import { podEnvironment, writePodKubeconfig } from './pod-environment.ts';
import { podStatus, type Condition, type ContainerStatus } from './pod-status.ts';
import type { RunningProcess } from './processes.ts';
import { automounts, withAccountVolume } from './service-account.ts';
import { SingleFlight } from './single-flight.ts';
import { PodVolumes } from './volumes.ts';

/** How long a pod that was taken out of the API by force still gets. */
const forcedGraceMs = 1_000;

const retryMs = 500;

export class PodWorker {
  readonly #node: NodeContext;
  readonly #directory: string;
  readonly #volumes: PodVolumes;
  readonly #startTime: string;
  readonly #address: string;
  readonly #stopping = new AbortController();
  readonly #deadline: Deadline;
  readonly #publishing = new SingleFlight(() => this.#publish());
  readonly #refreshing = new SingleFlight(() => this.#refresh());
  #pod: Pod;
  #automounts = false;
  #isSetUp = false;
  #init: readonly Container[] = [];
  #main: readonly Container[] = [];
  #published = '';
  /** As last reported, or tried to: what a late watch tells of them is older. */
  #said: readonly Condition[] = [];
  /** Not in the API any more, or not ours to report on. */
  #isGone = false;
  /** Resolves when nothing is left: no process, no directory, no address. */
  readonly finished: Promise<void>;

  constructor(pod: Pod, node: NodeContext) {
    const { namespace = '', name, uid = '' } = pod.metadata;
    this.#pod = pod;
    this.#node = node;
    this.#address = node.addresses.take();
    this.#deadline = new Deadline(node.clock);
    this.#directory = join(node.podsDirectory, `${namespace}_${name}_${uid}`);
    this.#volumes = new PodVolumes(this.#directory, node.clock);
    this.#startTime = pod.status?.startTime ?? timestamp(node.clock.now());
    this.update(pod);
    this.finished = this.#run();
  }

  get uid(): string | undefined {
    return this.#pod.metadata.uid;
  }

  /** Takes the pod as it is in the API now. */
  update(pod: Pod): void {
    this.#pod = withAccountVolume(pod, this.#automounts);
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata as Deletion;
    if (deletionTimestamp !== undefined) {
      this.#stop(deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30);
    }
    this.refreshVolumes();
    if (this.#isSetUp) this.#publishing.request();
  }

  /** The pod is not in the API any more: ends what runs, without waiting long. */
  removed(): void {
    this.#isGone = true;
    this.#stop(forcedGraceMs / 1000);
  }

  /** The node stops: ends at once and reports nothing, so that the next kubelet starts the pod again. */
  abandon(): void {
    this.#isGone = true;
    this.#stop(0);
  }

  /** Something that volumes are made of may have changed. */
  refreshVolumes(): void {
    if (this.#isSetUp && !this.#stopping.signal.aborted) this.#refreshing.request();
  }

  /** The log of a container's present run, or of the one before; undefined when there is none. */
  log(containerName: string | undefined, previous: boolean): ContainerLog | undefined {
    const all = [...this.#main, ...this.#init];
    const container = containerName ? all.find(({ name }) => name === containerName) : all[0];
    const run = (container?.status.restartCount ?? 0) - (previous ? 1 : 0);
    if (!container || run < 0) return undefined;
    const isOpen = () =>
      container.status.restartCount === run && container.status.state?.running !== undefined;
    return { file: logFile(this.#directory, container.name, run), isOpen };
  }

  /** Starts a command in a container that runs, the first one unless told otherwise; undefined when it does not. */
  exec(containerName: string | undefined, argv: readonly string[]): RunningProcess | undefined {
    const container = containerName ? this.#main.find(({ name }) => name === containerName) : this.#main[0];
    return container?.exec(argv);
  }

  async #run(): Promise<void> {
    try {
      await this.#live();
      await this.#publishing.settled();
      await aborted(this.#stopping.signal);
      await this.#deleteFromApi();
      await this.#cleanUp();
    } catch (error) {
      this.#node.log.error({ pod: this.#pod.metadata.name, err: error }, 'pod worker failed');
    }
  }

  /** Resolves when every container has ended for good. */
  async #live(): Promise<void> {
    if (isFinished(this.#pod) || !(await this.#setUp())) return;
    for (const container of this.#init) {
      await container.run();
      if (container.status.state?.terminated?.exitCode !== 0) return;
    }
    await Promise.all(this.#main.map((container) => container.run()));
  }

  /** False when the pod is to end before it has all it needs. */
  async #setUp(): Promise<boolean> {
    const { kube, cluster } = this.#node;
    await mkdir(this.#directory, { recursive: true });
    await this.#retry(async () => (this.#automounts = await automounts(kube, this.#pod)));
    this.update(this.#pod);
    this.#init = this.#containers(this.#pod.spec?.initContainers, 'initContainerStatuses');
    this.#main = this.#containers(this.#pod.spec?.containers, 'containerStatuses');
    this.#publishing.request();
    await this.#retry(() => this.#mountVolumes());
    if (this.#stopping.signal.aborted) return false;
    await writePodKubeconfig(this.#directory, this.#volumes, this.#pod, cluster);
    this.#isSetUp = true;
    this.#publishing.request();
    return true;
  }

  /** Until it succeeds or the pod is to end. */
  async #retry(step: () => Promise<unknown>): Promise<void> {
    const { clock, log } = this.#node;
    while (!this.#stopping.signal.aborted) {
      try {
        await step();
        return;
      } catch (error) {
        log.debug({ pod: this.#pod.metadata.name, err: error }, 'pod set-up will be tried again');
        await clock.sleep(retryMs, this.#stopping.signal);
      }
    }
  }

  async #mountVolumes(): Promise<void> {
    const missing = await this.#volumes.refresh(this.#fileContext());
    for (const message of missing) this.#record('Warning', 'FailedMount', message);
    if (missing.length > 0) throw toAppError(new Error(missing.join('; ')));
  }

  async #refresh(): Promise<void> {
    try {
      await this.#volumes.refresh(this.#fileContext());
    } catch (error) {
      this.#node.log.warn({ pod: this.#pod.metadata.name, err: error }, 'volumes not refreshed');
    }
  }

  #fileContext() {
    const { sources, requestToken } = this.#node;
    return { pod: this.#pod, placement: this.#placement(), sources, requestToken };
  }

  #placement() {
    return { podIP: this.#address, hostIP: this.#node.addresses.nodeAddress };
  }

  #containers(
    specs: readonly ContainerSpec[] = [],
    statuses: 'containerStatuses' | 'initContainerStatuses',
  ): Container[] {
    const policy = this.#pod.spec?.restartPolicy ?? 'Always';
    const isInit = statuses === 'initContainerStatuses';
    return specs.map((spec) => {
      const before = this.#pod.status?.[statuses]?.find(({ name }) => name === spec.name);
      return new Container(
        spec,
        this.#containerContext(spec, isInit && policy === 'Always' ? 'OnFailure' : policy),
        before,
      );
    });
  }

  #containerContext(spec: ContainerSpec, restartPolicy: string) {
    const path = `spec.containers{${spec.name}}`;
    return {
      ...this.#node,
      restartPolicy,
      placement: this.#placement(),
      directory: this.#directory,
      baseEnvironment: podEnvironment(this.#pod, this.#node, this.#address, this.#directory),
      pod: () => this.#pod,
      mounts: (...view: Parameters<PodVolumes['mountsOf']>) => this.#volumes.mountsOf(...view),
      stopping: this.#stopping.signal,
      changed: () => {
        this.#publishing.request();
      },
      event: (type: 'Normal' | 'Warning', reason: string, message: string) => {
        this.#record(type, reason, message, path);
      },
    };
  }

  /** Nothing is started from now on, and what runs is ended within the grace period. */
  #stop(graceSeconds: number): void {
    this.#deadline.within(graceSeconds * 1000);
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    for (const container of [...this.#init, ...this.#main]) {
      if (container.status.state?.running && !this.#isGone) {
        this.#record(
          'Normal',
          'Killing',
          `Stopping container ${container.name}`,
          `spec.containers{${container.name}}`,
        );
      }
      void container.stop(this.#deadline.signal);
    }
  }

  async #publish(): Promise<void> {
    if (this.#isGone) return;
    const { name, namespace = '', uid } = this.#pod.metadata;
    const status = this.#status();
    this.#said = status.conditions ?? [];
    const text = canonicalJson(status);
    if (text === this.#published) return;
    try {
      await this.#node.kube.subresource({
        resource: pods,
        name: { namespace, name },
        subresource: 'status',
        method: 'PATCH',
        // The uid keeps the report of an old pod away from a new one of the same name.
        body: { metadata: { uid }, status },
      });
      this.#published = text;
    } catch (error) {
      await this.#noteUnpublished(toAppError(error));
    }
  }

  async #noteUnpublished(error: ReturnType<typeof toAppError>): Promise<void> {
    if (this.#isGone || error.code === 'not_found') return;
    this.#node.log.debug({ pod: this.#pod.metadata.name, err: error }, 'pod status not written');
    await this.#node.clock.sleep(retryMs);
    this.#publishing.request();
  }

  #status() {
    const statuses = (containers: readonly Container[]): ContainerStatus[] =>
      containers.map((container) => container.status);
    return podStatus(this.#pod, {
      init: statuses(this.#init),
      main: statuses(this.#main),
      isSetUp: this.#isSetUp,
      podIP: this.#isSetUp ? this.#address : undefined,
      hostIP: this.#node.addresses.nodeAddress,
      startTime: this.#startTime,
      now: timestamp(this.#node.clock.now()),
      said: this.#said,
    });
  }

  /** The last word on a pod that was asked to go: its containers have ended, so it leaves the API. */
  async #deleteFromApi(): Promise<void> {
    const { kube, clock, log } = this.#node;
    while (!this.#isGone) {
      try {
        await kube.delete(pods, this.#pod, { gracePeriodSeconds: 0 });
        return;
      } catch (error) {
        log.warn({ pod: this.#pod.metadata.name, err: error }, 'pod not deleted, will be tried again');
        await clock.sleep(retryMs);
      }
    }
  }

  async #cleanUp(): Promise<void> {
    this.#deadline.cancel();
    await this.#refreshing.settled();
    this.#node.addresses.release(this.#address);
    if (!this.#node.keepDirectories) await rm(this.#directory, { recursive: true, force: true });
  }

  #record(type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    this.#node.record({ about: this.#pod, type, reason, message, ...(fieldPath ? { fieldPath } : {}) });
  }
}

/** Not in the metadata type: only pods have a grace period. */
interface Deletion {
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
}

const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
