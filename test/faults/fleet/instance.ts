/**
 * One scheduler process under test, with a proxy of its own before each Redis server and one before its sockets. It can be
 * killed, frozen and thawed; it is started again as the kubelet would do it, under the same pod identity. A process that
 * ends although nobody broke it is written into the history as a crash.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InstanceReport } from '../../../common/admin-api.ts';
import type { Clock } from '../../../common/clock.ts';
import { environment, paths } from '../../../common/workload.ts';
import { Program, type Exit } from '../../support/program.ts';
import type { History } from '../history.ts';
import type { RespProxy } from '../resp-proxy.ts';
import { comesTrue, until } from '../wait.ts';
import type { WsProxy } from '../ws-proxy.ts';
import { configToml, type InstanceSettings } from './settings.ts';

export interface InstanceParts {
  readonly settings: InstanceSettings;
  /** The same one at each start, as that of a pod whose container restarts. */
  readonly podUid: string;
  readonly logLevel: string;
  readonly directory: string;
  readonly tokenFile: string;
  readonly token: string;
  readonly redis: readonly RespProxy[];
  readonly sockets: WsProxy;
  readonly history: () => History;
  readonly clock: Clock;
  /** By how much its wall clock is off; one that is not told cannot be set later. */
  readonly skewMs?: number;
}

/** Generous: on a busy machine starting takes long, and that is no fault of the scheduler. */
const readyWithinMs = 60_000;
const enoughDescriptors = 4096;
/** Of a quota of CPU time, as the kernel has it. */
const periodMs = 100;

export class Instance {
  readonly #parts: InstanceParts;
  #program: Program | undefined;
  /** While somebody breaks it on purpose, its end is no surprise. */
  #forgiven = 0;
  #generation = 0;
  #skewMs: number | undefined;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.#skewMs = parts.skewMs;
  }

  get #clockFile(): string {
    return path.join(this.#parts.directory, `${this.id}.clock`);
  }

  get #clock(): string {
    const url = pathToFileURL(path.join(import.meta.dirname, 'skewed-clock.ts'));
    url.search = encodeURIComponent(this.#clockFile);
    return url.href;
  }

  get id(): string {
    return this.#parts.settings.instanceId;
  }

  get redis(): readonly RespProxy[] {
    return this.#parts.redis;
  }

  get sockets(): WsProxy {
    return this.#parts.sockets;
  }

  /** Where it listens itself, past its proxy. */
  get port(): number {
    return this.#parts.settings.port;
  }

  /** Where sessions and nodes find it. */
  get address(): string {
    return `127.0.0.1:${this.#parts.sockets.port}`;
  }

  get output(): string {
    return this.#program?.output ?? '';
  }

  /** How much of its log has been read so far. */
  get printedBytes(): number {
    return this.#program?.printedBytes ?? 0;
  }

  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  get exited(): Promise<Exit> {
    return this.#program?.exited ?? Promise.reject(new Error(`${this.id} was never started`));
  }

  /** Starts it, and waits until it serves. */
  async start(): Promise<void> {
    await this.launch();
    await this.becomesReady();
  }

  /** Starts it and does not wait. */
  async launch(): Promise<void> {
    const { settings, directory, tokenFile, podUid, logLevel } = this.#parts;
    const file = path.join(directory, `${settings.instanceId}.toml`);
    writeFileSync(file, configToml(settings));
    if (this.#skewMs !== undefined) writeFileSync(this.#clockFile, String(this.#skewMs));
    this.#generation += 1;
    const generation = this.#generation;
    this.#program = await Program.start({
      program: 'scheduler',
      args: ['--config', file],
      environment: {
        [environment.bindAddress]: '127.0.0.1',
        [environment.adminTokenFile]: tokenFile,
        [environment.podName]: settings.instanceId,
        [environment.podUid]: podUid,
        [environment.podIndex]: settings.instanceId.slice(settings.instanceId.lastIndexOf('-') + 1),
        LOG_LEVEL: logLevel,
        ...(this.#skewMs === undefined ? {} : { NODE_OPTIONS: `--import=${this.#clock}` }),
      },
    });
    void this.#program.exited.then((exit) => {
      this.#ended(exit, generation);
    });
  }

  /** @throws Error with what it printed when it does not serve in time */
  async becomesReady(): Promise<void> {
    const { clock } = this.#parts;
    const isReady = () => this.#answers(paths.readyz);
    const settled = async () => (await this.hasEnded()) || (await isReady());
    const inTime = await comesTrue(settled, { clock, withinMs: readyWithinMs });
    if (!inTime || (await this.hasEnded()))
      throw new Error(`${this.id} does not become ready:\n${this.output.slice(-4000)}`);
  }

  async kill(): Promise<void> {
    this.#forgiven += 1;
    this.#note('SIGKILL');
    await this.#program?.kill();
  }

  async restart(): Promise<void> {
    await this.start();
    this.#forgiven = 0;
  }

  /** Frozen for that long, with all its sockets open; an end by itself afterwards is forgiven, it lost its lease. */
  async freeze(ms: number): Promise<void> {
    this.#forgiven += 1;
    this.#note(`SIGSTOP for ${ms} ms`);
    this.#program?.signal('SIGSTOP');
    await this.#parts.clock.sleep(ms);
    this.#program?.signal('SIGCONT');
    this.#note('SIGCONT');
  }

  /** Serving again, started anew if it ended while it was broken. */
  async heal(): Promise<void> {
    const { clock } = this.#parts;
    for (const proxy of this.redis) proxy.clearRules();
    this.sockets.clearRules();
    if (await this.hasEnded()) await this.launch();
    const ready = () => this.#answers(paths.readyz);
    if (!(await comesTrue(ready, { clock, withinMs: 8000 })) && (await this.hasEnded())) await this.launch();
    await this.becomesReady();
    this.#forgiven = 0;
  }

  async hasEnded(): Promise<boolean> {
    if (!this.#program) return true;
    const still = Symbol('runs');
    return (await Promise.race([this.#program.exited, Promise.resolve(still)])) !== still;
  }

  /** SIGTERM; returns how it ended. */
  async stop(): Promise<Exit> {
    this.#forgiven += 1;
    this.#note('SIGTERM');
    if (!this.#program) throw new Error(`${this.id} was never started`);
    return this.#program.stop();
  }

  /** Its log goes nowhere from here on: the pipe fills up, as behind a log collector that hangs. */
  blockLog(): void {
    this.#note('log blocked');
    this.#program?.stopReading();
  }

  unblockLog(): void {
    this.#program?.resumeReading();
  }

  /** So many more files and sockets than it has now; undefined for enough. */
  limitDescriptors(more: number | undefined): void {
    const used = readdirSync(`/proc/${this.pid}/fd`).length;
    const limit = more === undefined ? enoughDescriptors : used + more;
    execFileSync('prlimit', ['--pid', `${this.pid}`, `--nofile=${limit}:`]);
  }

  /** Its wall clock jumps, and is off by that much from here on. */
  setClock(offMs: number): void {
    this.#note(`clock off by ${offMs} ms`);
    this.#skewMs = offMs;
    writeFileSync(this.#clockFile, String(offMs));
    this.#program?.signal('SIGUSR2');
  }

  /** Runs for that share of each tenth of a second, as under a quota of the kernel. It may lose its lease by that. */
  async starve(share: number, ms: number): Promise<void> {
    const { clock } = this.#parts;
    this.#forgiven += 1;
    this.#note(`starved for ${ms} ms`);
    const endMs = clock.monotonic() + ms;
    while (clock.monotonic() < endMs) {
      this.#program?.signal('SIGSTOP');
      await clock.sleep(periodMs * (1 - share));
      this.#program?.signal('SIGCONT');
      await clock.sleep(periodMs * share);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal);
  }

  /** What is broken on purpose from here on; `heal` takes it back. */
  forgive(): void {
    this.#forgiven += 1;
  }

  async report(): Promise<InstanceReport | undefined> {
    const { settings, token } = this.#parts;
    try {
      const response = await fetch(`http://127.0.0.1:${settings.adminPort}${paths.adminInstance}`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(1000),
      });
      return response.ok ? ((await response.json()) as InstanceReport) : undefined;
    } catch {
      return undefined;
    }
  }

  async metrics(): Promise<string> {
    const url = `http://127.0.0.1:${this.#parts.settings.port}${paths.metrics}`;
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).text();
  }

  /** The status of one of its HTTP paths; 0 when it does not answer. */
  async status(at: string): Promise<number> {
    try {
      const url = `http://127.0.0.1:${this.#parts.settings.port}${at}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  async close(): Promise<void> {
    this.#forgiven += 1;
    this.#program?.signal('SIGCONT');
    await this.#program?.kill();
    await Promise.all([...this.redis.map((proxy) => proxy.close()), this.sockets.close()]);
  }

  async untilGone(withinMs: number): Promise<void> {
    await until(`the end of ${this.id}`, () => this.hasEnded(), { clock: this.#parts.clock, withinMs });
  }

  async #answers(at: string): Promise<boolean> {
    return (await this.status(at)) === 200;
  }

  #ended({ code, signal }: Exit, generation: number): void {
    if (this.#forgiven > 0 || generation !== this.#generation) return;
    const detail = `code ${code ?? '-'} signal ${signal ?? '-'}: ${this.output.slice(-500)}`;
    this.#parts.history().add({ actor: this.id, op: 'exit', phase: 'fail', detail });
  }

  #note(detail: string): void {
    this.#parts
      .history()
      .add({ actor: 'driver', op: 'fault', phase: 'info', detail: `${detail} ${this.id}` });
  }
}
