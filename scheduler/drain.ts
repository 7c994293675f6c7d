/**
 * Leaving without losing anything: say so, go on serving until the load balancers have noticed, take nothing new, send
 * idle peers elsewhere in small waves, let what runs finish, hand over what does not. What is drained stays up and answers
 * until it is told to stop, so that whoever asked can see that it is done.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../common/clock.ts';
import { allowance } from './decide/drain-pace.ts';
import type { Desk } from './desk/desk.ts';
import type { Floor } from './floor/floor.ts';

export interface DrainReport {
  readonly startedAt: string;
  readonly deadlineAt: string;
  readonly done: boolean;
  /** What is still here. */
  readonly sessionsLeft: number;
  readonly nodesLeft: number;
  /** Of sessions of this instance, or on its nodes. */
  readonly jobsLeft: number;
}

interface DrainDeps {
  readonly desk: Desk;
  readonly floor: Floor;
  /** Connections that are still open. */
  readonly connections: (side: 'session' | 'node') => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly endpointGraceMs: number;
  readonly timeoutMs: number;
  /** The instance's presence should say so at once. */
  readonly onBegin: () => void;
}

/** How often a draining instance looks whom it can send away and whether it is done, on average. */
const lookEveryMs = 100;

/** After the deadline: for hand-overs to be written and close frames to be answered. */
const closingMs = 3000;

export class Drain {
  readonly #deps: DrainDeps;
  #running: Promise<void> | undefined;
  #times: Pick<DrainReport, 'startedAt' | 'deadlineAt'> | undefined;
  #refusing = false;
  #done = false;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  get active(): boolean {
    return this.#running !== undefined;
  }

  /** New connections are not taken any more. */
  get refusing(): boolean {
    return this.#refusing;
  }

  get report(): DrainReport | null {
    if (!this.#times) return null;
    const { connections } = this.#deps;
    const left = { sessionsLeft: connections('session'), nodesLeft: connections('node') };
    return { ...this.#times, done: this.#done, ...left, jobsLeft: this.#jobsLeft };
  }

  /** Resolves when drained. Asked again, it is the same drain with the same deadline. */
  begin(timeoutMs: number = this.#deps.timeoutMs): Promise<void> {
    this.#running ??= this.#drain(timeoutMs);
    return this.#running;
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { desk, floor, clock, log, endpointGraceMs, onBegin } = this.#deps;
    const startedMs = clock.now();
    const deadlineAt = new Date(startedMs + endpointGraceMs + timeoutMs).toISOString();
    this.#times = { startedAt: new Date(startedMs).toISOString(), deadlineAt };
    log.info({ deadlineAt, sessions: desk.sessionCount, running: floor.runningCount }, 'draining');
    onBegin();
    // Clients that come meanwhile are served; with nobody here there is nobody to wait for.
    await this.#until(() => this.#isAlone, endpointGraceMs);
    this.#refusing = true;
    floor.drain();
    await this.#sendAway(timeoutMs);
    if (floor.runningCount > 0) log.warn({ running: floor.runningCount }, 'handing over running jobs');
    await floor.handOver();
    desk.sendAwayAll();
    floor.sendAwayAll();
    await this.#until(() => this.#isEmpty, closingMs);
    this.#done = true;
    log.info('drained');
  }

  /** Peers leave as soon as they hold nothing up, but not all at once. */
  async #sendAway(timeoutMs: number): Promise<void> {
    const { desk, floor, clock } = this.#deps;
    const endMs = clock.monotonic() + timeoutMs;
    const waves = [desk, floor].map((side) => ({ side, credit: 0 }));
    let lastMs = clock.monotonic() - lookEveryMs;
    await this.#until(() => {
      const nowMs = clock.monotonic();
      for (const wave of waves) {
        wave.credit += allowance(wave.side.idleCount, nowMs - lastMs, endMs - nowMs);
        const count = Math.floor(wave.credit);
        if (count > 0) wave.side.sendAwayIdle(count);
        wave.credit = Math.min(wave.credit - count, 1);
      }
      lastMs = nowMs;
      return this.#isEmpty;
    }, timeoutMs);
  }

  get #isAlone(): boolean {
    const { connections } = this.#deps;
    return connections('session') + connections('node') === 0;
  }

  get #isEmpty(): boolean {
    return this.#isAlone && this.#deps.floor.jobs.finishing === 0;
  }

  get #jobsLeft(): number {
    const { desk, floor } = this.#deps;
    const { waiting, running } = desk.jobCounts;
    return waiting + running + floor.guestCount + floor.jobs.finishing;
  }

  async #until(done: () => boolean, forMs: number): Promise<void> {
    const { clock, random } = this.#deps;
    const endMs = clock.monotonic() + forMs;
    while (!done() && clock.monotonic() < endMs) {
      const pauseMs = lookEveryMs * (0.5 + random.next());
      await clock.sleep(Math.min(pauseMs, endMs - clock.monotonic()));
    }
  }
}
