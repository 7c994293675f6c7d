/**
 * One container of a pod: waits for what it needs, runs as a process, is probed, ends, and is started again as the
 * restart policy says, until the pod stops it.
 */
import { mkdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../common/clock.ts';
import type { Pod } from '../../../operator/kube/resources.ts';
import { perform, type Handler } from './actions.ts';
import type { Launch } from './command.ts';
import type { Placement } from './fields.ts';
import { imageCommand, imageFiles, type Images } from './images.ts';
import { logFile, logTail } from './logs.ts';
import { watchHealth } from './health.ts';
import { rewritePaths, type Mount } from './mounts.ts';
import type { ContainerState, ContainerStatus } from './pod-status.ts';
import { launchOrMissing, missingImage } from './preparation.ts';
import type { Check, ProbeSpec } from './probe.ts';
import type { Exit, ProcessTable, RunningProcess } from './processes.ts';
import { isGoodRun, restartDelayMs, shouldRestart, type RestartDelay } from './restart.ts';
import type { Sources } from './sources.ts';

export type ContainerSpec = NonNullable<Pod['spec']>['containers'][number];

/** What a container needs of its pod and its node. */
export interface ContainerContext {
  readonly clock: Clock;
  readonly images: Images;
  readonly processes: ProcessTable;
  readonly sources: Sources;
  readonly restartDelay: RestartDelay;
  readonly restartPolicy: string;
  readonly placement: Placement;
  /** Of this pod alone. */
  readonly directory: string;
  /** Where a process without `workingDir` runs. */
  readonly workingDirectory: string;
  readonly baseEnvironment: Readonly<Record<string, string>>;
  /** The pod as last heard. */
  readonly pod: () => Pod;
  readonly mounts: (container: ContainerSpec, variables: Readonly<Record<string, string>>) => Mount[];
  /** Aborts when the pod is to end: nothing is started after that. */
  readonly stopping: AbortSignal;
  /** Called when `status` has changed. */
  readonly changed: () => void;
  readonly event: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

/** A hook has no time limit of its own, only the pod's. */
const hookTimeoutMs = 2 ** 31 - 1;

/** What a process still gets after a preStop hook used up the whole grace period. */
const lastGraceMs = 2_000;

/** How often what is missing is looked for again: an image, or an object that a variable names. */
const missingRetry: RestartDelay = { baseMs: 200, capMs: 3_000 };

export class Container {
  readonly #spec: ContainerSpec;
  readonly #context: ContainerContext;
  #status: ContainerStatus;
  /** Restarts in a row without a good run between them. */
  #crashes = 0;
  #inherited: Exit | undefined;
  #running: { readonly process: RunningProcess; readonly launch: Launch } | undefined;

  constructor(spec: ContainerSpec, context: ContainerContext, before: ContainerStatus | undefined) {
    this.#spec = spec;
    this.#context = context;
    this.#status = before ?? freshStatus(spec);
    if (before?.state?.running) this.#inheritLost(before);
    else if (before?.state?.terminated) this.#inherited = { code: before.state.terminated.exitCode };
  }

  get name(): string {
    return this.#spec.name;
  }

  get status(): ContainerStatus {
    return this.#status;
  }

  /** Resolves when the container has ended for good: by its policy, or because the pod stops. */
  async run(): Promise<void> {
    let ended = this.#inherited;
    while (!this.#context.stopping.aborted) {
      if (ended !== undefined && !(await this.#waitForRestart(ended))) return;
      const launch = await this.#prepare();
      if (launch) ended = await this.#runOnce(launch);
    }
  }

  /** Says why the container does not run yet. */
  waitsFor(reason: string, message?: string): void {
    this.#change({ state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } });
  }

  /** Ends the process: preStop, SIGTERM, and SIGKILL when the deadline aborts. Resolves when it is gone. */
  async stop(deadline: AbortSignal): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const { process } = running;
    const overdue = aborted(deadline);
    const hook = this.#spec.lifecycle?.preStop;
    if (hook) await Promise.race([this.#runHook('PreStop', hook), overdue, process.exited]);
    process.signal('SIGTERM');
    // Hooks may use up the grace period, yet a process is always asked before it is killed.
    const late = deadline.aborted && hook ? this.#context.clock.sleep(lastGraceMs) : overdue;
    await Promise.race([process.exited, late]);
    process.kill();
    await process.exited;
  }

  /** A process of an earlier kubelet that is not there any more. */
  #inheritLost(before: ContainerStatus): void {
    const terminated = {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was started again',
    };
    this.#inherited = { code: 137 };
    this.#status = { ...before, ready: false, started: false, state: { terminated } };
  }

  /** False when the container has ended for good. */
  async #waitForRestart(ended: Exit): Promise<boolean> {
    const { restartPolicy, restartDelay, clock, stopping, event, pod } = this.#context;
    if (!shouldRestart(restartPolicy, ended.code)) return false;
    const delayMs = restartDelayMs(this.#crashes, restartDelay);
    if (delayMs > 0) {
      const title = `container=${this.name} pod=${fullName(pod())}`;
      this.#change({
        state: {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: `back-off ${delayMs / 1000}s restarting failed ${title}`,
          },
        },
        ...lastStateOf(this.#status),
      });
      event(
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${this.name} in pod ${fullName(pod())}`,
      );
      await clock.sleep(delayMs, stopping);
    }
    if (stopping.aborted) return false;
    this.#crashes++;
    this.#change({ restartCount: this.#status.restartCount + 1, ...lastStateOf(this.#status) });
    return true;
  }

  /** Everything the process needs, as soon as it is there; undefined when the pod stops first. */
  async #prepare(): Promise<Launch | undefined> {
    const { clock, stopping } = this.#context;
    for (let attempt = 1; !stopping.aborted; attempt++) {
      const launch = this.#launch(attempt);
      if (launch) return launch;
      await clock.sleep(restartDelayMs(attempt, missingRetry), stopping);
    }
    return undefined;
  }

  #launch(attempt: number): Launch | undefined {
    const { images, event } = this.#context;
    const image = imageCommand(images, this.#spec.image ?? '');
    const prepared = image
      ? launchOrMissing(this.#spec, image, this.#context, this.#terminationMount())
      : missingImage(this.#spec, attempt);
    if ('argv' in prepared) return prepared;
    this.waitsFor(prepared.reason, prepared.message);
    event(prepared.type, prepared.event, prepared.note);
    return undefined;
  }

  /** Starts the process, watches over it, and returns how it ended. */
  async #runOnce(launch: Launch): Promise<Exit> {
    const { clock, processes, directory, event } = this.#context;
    const log = logFile(directory, this.name, this.#status.restartCount);
    mkdirSync(dirname(log), { recursive: true });
    event('Normal', 'Pulled', `Container image "${this.#spec.image ?? ''}" already present on machine`);
    event('Normal', 'Created', `Created container: ${this.name}`);
    const startedMs = clock.now();
    const process = processes.start({ ...launch, logFile: log });
    this.#running = { process, launch };
    const watching = new AbortController();
    if (process.pid > 0) this.#started(process, startedMs, watching.signal);
    const exit = await process.exited;
    watching.abort();
    this.#running = undefined;
    await this.#ended(exit, startedMs, log);
    return exit;
  }

  #started(process: RunningProcess, startedMs: number, watching: AbortSignal): void {
    const { event } = this.#context;
    this.#change({
      state: { running: { startedAt: timestamp(startedMs) } },
      started: !this.#spec.startupProbe,
      ready: !this.#spec.startupProbe && !this.#spec.readinessProbe,
      containerID: `process://${process.pid}`,
    });
    event('Normal', 'Started', `Started container ${this.name}`);
    const hook = this.#spec.lifecycle?.postStart;
    if (hook) void this.#runHook('PostStart', hook);
    void watchHealth({
      container: this.#spec,
      clock: this.#context.clock,
      signal: watching,
      check: (probe) => this.#check(probe, (probe.timeoutSeconds ?? 1) * 1000),
      onChange: (health) => {
        this.#change(health);
      },
      onFailure: (kind, why) => {
        event('Warning', 'Unhealthy', `${kind} probe failed: ${why}`);
      },
      onDead: (kind, probe) => void this.#killUnhealthy(kind, probe),
    });
  }

  async #ended(exit: Exit, startedMs: number, log: string): Promise<void> {
    const { clock, restartDelay, event } = this.#context;
    if (isGoodRun(clock.now() - startedMs, restartDelay)) this.#crashes = 0;
    const failure = exit.startError;
    if (failure !== undefined)
      event('Warning', 'Failed', `Error: failed to create containerd task: ${failure}`);
    const message = failure ?? (await this.#terminationMessage(exit, log));
    const terminated = {
      exitCode: exit.code,
      reason: failure !== undefined ? 'StartError' : exit.code === 0 ? 'Completed' : 'Error',
      startedAt: timestamp(startedMs),
      finishedAt: timestamp(clock.now()),
      containerID: this.#status.containerID ?? '',
      ...(message ? { message } : {}),
    };
    this.#change({ state: { terminated }, ready: false, started: false });
  }

  #terminationMount(): Mount {
    return {
      mountPath: this.#spec.terminationMessagePath ?? '/dev/termination-log',
      realPath: join(this.#context.directory, `termination-${this.name}`),
    };
  }

  /** What the process left in its message file, or the end of its log when it failed and says so. */
  async #terminationMessage(exit: Exit, log: string): Promise<string> {
    const file = this.#terminationMount().realPath;
    const left = await readFile(file, 'utf8').catch(() => '');
    await rm(file, { force: true });
    if (left !== '') return left.slice(0, 4096);
    const fallBack = this.#spec.terminationMessagePolicy === 'FallbackToLogsOnError' && exit.code !== 0;
    return fallBack ? logTail(log) : '';
  }

  async #killUnhealthy(kind: string, probe: ProbeSpec): Promise<void> {
    const { event, clock, pod, stopping } = this.#context;
    if (stopping.aborted) return;
    event('Normal', 'Killing', `Container ${this.name} failed ${kind} probe, will be restarted`);
    const graceSeconds =
      probe.terminationGracePeriodSeconds ?? pod().spec?.terminationGracePeriodSeconds ?? 30;
    const deadline = new AbortController();
    const cancel = clock.after(graceSeconds * 1000, () => {
      deadline.abort();
    });
    await this.stop(deadline.signal);
    cancel();
  }

  #check(action: Handler, timeoutMs: number): Promise<Check> {
    const execute = (argv: readonly string[]) => this.#execute(argv, timeoutMs);
    return perform(action, {
      container: this.#spec,
      host: this.#context.placement.podIP,
      timeoutMs,
      execute,
    });
  }

  /**
   * Runs a command as if inside the container: the same variables, the same view of the mounts and of the image. Undefined
   * when the container does not run.
   */
  exec(argv: readonly string[], logFile?: string): RunningProcess | undefined {
    const running = this.#running;
    if (!running) return undefined;
    const { processes, images, mounts } = this.#context;
    const { environment, workingDirectory } = running.launch;
    const view = [...imageFiles(images, this.#spec.image ?? ''), ...mounts(this.#spec, environment)];
    return processes.start({
      argv: argv.map((part) => rewritePaths(part, view)),
      environment,
      workingDirectory,
      ...(logFile === undefined ? {} : { logFile }),
    });
  }

  async #execute(argv: readonly string[], timeoutMs: number): Promise<Check> {
    const { clock, directory } = this.#context;
    const process = this.exec(argv, join(directory, `exec-${this.name}.log`));
    if (!process) return { ok: false, why: 'the container is not running' };
    const cancel = clock.after(timeoutMs, () => {
      process.kill();
    });
    const exit = await process.exited;
    cancel();
    if (exit.code === 0) return { ok: true };
    return { ok: false, why: exit.startError ?? `command ${JSON.stringify(argv)} exited with ${exit.code}` };
  }

  async #runHook(kind: 'PreStop' | 'PostStart', hook: Handler): Promise<void> {
    const { clock, event } = this.#context;
    if (hook.sleep) {
      await clock.sleep(hook.sleep.seconds * 1000);
      return;
    }
    const check = await this.#check(hook, hookTimeoutMs);
    if (!check.ok) event('Warning', `Failed${kind}Hook`, `${kind}Hook failed: ${check.why}`);
  }

  #change(part: Partial<ContainerStatus>): void {
    this.#status = { ...this.#status, ...part };
    this.#context.changed();
  }
}

function freshStatus({ name, image }: ContainerSpec): ContainerStatus {
  return {
    name,
    image: image ?? '',
    imageID: '',
    ready: false,
    started: false,
    restartCount: 0,
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: {},
  };
}

/** The run that ended becomes the last one; while the container waits it stays what it was. */
function lastStateOf({ state, lastState }: ContainerStatus): { lastState?: ContainerState } {
  const last = state?.terminated ? { terminated: state.terminated } : lastState;
  return last ? { lastState: last } : {};
}

const fullName = ({ metadata }: Pod): string =>
  `${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid ?? ''})`;

const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
