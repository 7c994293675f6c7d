/** A world whose operators are processes behind the API proxy. One that is gone is started anew, as its Deployment does. */
import type { Logger } from 'pino';
import { settle } from '../../fakes/clock.ts';
import { events, leases } from '../../../operator/kube/resources.ts';
import { Surroundings } from '../surroundings.ts';
import { serve } from './api-server.ts';
import type { HttpHandler } from './http.ts';
import { lease, Program } from './program.ts';
import { ApiProxy } from './proxy.ts';
import { Twin } from './twin.ts';

const restartMs = 1_000;

export class FaultyWorld extends Surroundings {
  readonly twin = new Twin(this.kube, serve(this.kube));
  readonly proxy = new ApiProxy(this.twin.handler, () => this.clock.monotonic());
  readonly programs: Program[] = [];
  readonly #hasElection: boolean;
  readonly #log: Logger | undefined;
  #born = 0;
  #doneAt: number | undefined;
  #restarts: (() => void) | undefined;

  constructor({ hasElection = false, log }: { hasElection?: boolean; log?: Logger } = {}) {
    super();
    this.#hasElection = hasElection;
    this.#log = log;
  }

  start(): Program {
    const seed = ++this.#born;
    const api = (program: Program): HttpHandler => this.proxy.for(program);
    const name = `operator-${String(seed)}`;
    const program = new Program({
      surroundings: this,
      name,
      seed,
      hasElection: this.#hasElection,
      log: this.#log,
      api,
    });
    this.programs.push(program);
    return program;
  }

  stop(): void {
    for (const program of this.programs) program.kill();
  }

  /** Who the Lease names; undefined when nobody holds it. */
  get leader(): string | undefined {
    return this.kube.peek(leases, lease)?.spec?.holderIdentity || undefined;
  }

  /** Lets the operator do what can be done without any time passing. */
  look(): Promise<void> {
    return settle();
  }

  /**
   * Lets operators, controller and time go on until nothing was written for `quietMs`; nothing else that operators do
   * regularly takes longer to show than the default.
   */
  async converge(quietMs = 45_000): Promise<void> {
    let quietSince = this.clock.monotonic();
    let written = -1;
    for (let step = 0; step < 20_000; step += 1) {
      await this.look();
      this.#restart();
      const acted = this.#act();
      const { writes } = this.proxy.counts;
      const isBusy = acted || writes !== written || this.#restarts !== undefined;
      written = writes;
      if (isBusy) quietSince = this.clock.monotonic();
      if (acted) continue;
      if (this.clock.monotonic() - quietSince >= quietMs) return;
      await this.clock.step();
    }
    throw new Error(`did not converge; last writes: ${this.proxy.writes().slice(-10).join(', ')}`);
  }

  /** Another process lists everything and looks at everything, remembering nothing. */
  async resync(): Promise<void> {
    await this.#terminateAll();
    this.start();
    await this.converge(8_000);
  }

  /** Time goes on meanwhile: one may be waiting to repeat a request. */
  async #terminateAll(): Promise<void> {
    const living = this.programs.filter(({ isDead }) => !isDead);
    for (const program of living) void program.terminate();
    await this.look();
    while (living.some(({ isDead }) => !isDead)) await this.clock.step();
  }

  /** How often each object was made and removed, by kind and name; what is told about objects does not count. */
  lives(): Record<string, string> {
    const lives = new Map<string, { made: number; removed: number }>();
    for (const { kind, before, after, object } of this.kube.history) {
      if (kind === events.kind || kind === leases.kind || (before && after)) continue;
      const id = `${kind} ${object.metadata.name}`;
      const life = lives.get(id) ?? { made: 0, removed: 0 };
      if (after) life.made += 1;
      else life.removed += 1;
      lives.set(id, life);
    }
    const told = [...lives].map(
      ([id, { made, removed }]) => [id, `made ${made}, removed ${removed}`] as const,
    );
    return Object.fromEntries(told.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The controller looks at objects only: when none has changed since it had nothing to do, it has nothing to do. */
  #act(): boolean {
    if (this.kube.version === this.#doneAt) return false;
    const acted = this.controller.step();
    if (!acted) this.#doneAt = this.kube.version;
    return acted;
  }

  #restart(): void {
    if (this.#restarts || this.programs.some(({ isDead }) => !isDead)) return;
    this.#restarts = this.clock.after(restartMs, () => {
      this.#restarts = undefined;
      this.start();
    });
  }
}
