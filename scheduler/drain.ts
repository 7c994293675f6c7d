/**
 * Leaving without losing anything: say so, go on serving until the load balancers have noticed, take nothing new, let
 * what runs finish, hand over what does not, close the sockets. What is drained stays up and answers until it is told to
 * stop, so that whoever asked can see that it is done.
 */
import type { Logger } from 'pino';
import type { Clock } from '../common/clock.ts';
import type { Desk } from './desk/desk.ts';
import type { Floor } from './floor/floor.ts';

export interface DrainReport {
  readonly startedAt: string;
  readonly deadlineAt: string;
  readonly done: boolean;
}

interface DrainDeps {
  readonly desk: Desk;
  readonly floor: Floor;
  /** Connections that are still open, of both sides. */
  readonly connections: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endpointGraceMs: number;
  readonly timeoutMs: number;
  /** The instance's presence should say so at once. */
  readonly onBegin: () => void;
}

/** How often a draining instance looks whether it is done. */
const lookEveryMs = 100;

/** After the deadline: for hand-overs to be written and close frames to be answered. */
const closingMs = 3000;

export class Drain {
  readonly #deps: DrainDeps;
  #running: Promise<void> | undefined;
  #report: DrainReport | undefined;
  #refusing = false;

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
    return this.#report ?? null;
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
    this.#report = { startedAt: new Date(startedMs).toISOString(), deadlineAt, done: false };
    log.info({ deadlineAt, sessions: desk.sessionCount, running: floor.runningCount }, 'draining');
    onBegin();
    await clock.sleep(endpointGraceMs);
    this.#refusing = true;
    floor.drain();
    await this.#untilIdle(timeoutMs);
    if (floor.runningCount > 0) log.warn({ running: floor.runningCount }, 'handing over running jobs');
    await floor.handOver();
    desk.sendAwayAll();
    floor.sendAwayAll();
    await this.#until(() => this.#deps.connections() === 0 && floor.jobs.finishing === 0, closingMs);
    this.#report = { ...this.#report, done: true };
    log.info('drained');
  }

  /** Peers without work leave as soon as they have none. */
  async #untilIdle(timeoutMs: number): Promise<void> {
    const { desk, floor, connections } = this.#deps;
    await this.#until(() => {
      desk.sendAwayIdle(Number.POSITIVE_INFINITY);
      floor.sendAwayIdle(Number.POSITIVE_INFINITY);
      return connections() === 0 && floor.jobs.finishing === 0;
    }, timeoutMs);
  }

  async #until(done: () => boolean, forMs: number): Promise<void> {
    const { clock } = this.#deps;
    const endMs = clock.monotonic() + forMs;
    while (!done() && clock.monotonic() < endMs) await clock.sleep(lookEveryMs);
  }
}
