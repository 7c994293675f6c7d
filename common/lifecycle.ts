/**
 * A program's life: starting -> ready -> draining -> stopped.
 *
 * Whoever opens a thing registers how it closes on the next line. `stop` runs those steps last-in first-out against
 * one deadline, runs every step even when one fails, and keeps all failures. It may be called many times and always
 * returns the same promise, so a failed start and a signal can share it.
 */
import type { Logger } from 'pino';
import type { Clock } from './clock.ts';

export type Phase = 'starting' | 'ready' | 'draining' | 'stopped';

interface StopStep {
  readonly name: string;
  readonly run: (deadline: AbortSignal) => Promise<void> | void;
}

export class Lifecycle {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #graceMs: number;
  readonly #steps: StopStep[] = [];
  readonly #draining = new AbortController();
  #phase: Phase = 'starting';
  #stopping: Promise<void> | undefined;

  /** @param graceMs time all stop steps share; a step still running then is abandoned and reported */
  constructor({ clock, log, graceMs }: { clock: Clock; log: Logger; graceMs: number }) {
    this.#clock = clock;
    this.#log = log;
    this.#graceMs = graceMs;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Aborts when draining begins: for loops that may end as soon as a stop is asked for. */
  get signal(): AbortSignal {
    return this.#draining.signal;
  }

  /** Registers how something just opened is closed. The step's signal aborts at the deadline. */
  onStop(name: string, run: StopStep['run']): void {
    this.#steps.push({ name, run });
  }

  ready(): void {
    if (this.#phase === 'starting') this.#phase = 'ready';
  }

  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #stop(reason: string): Promise<void> {
    this.#phase = 'draining';
    this.#log.info({ reason, graceMs: this.#graceMs }, 'stopping');
    this.#draining.abort();
    const deadline = new AbortController();
    const cancelDeadline = this.#clock.after(this.#graceMs, () => {
      deadline.abort();
    });
    const failures: unknown[] = [];
    for (const step of this.#steps.reverse()) {
      try {
        await untilAborted(Promise.resolve(step.run(deadline.signal)), deadline.signal, step.name);
      } catch (error) {
        this.#log.error({ step: step.name, err: error }, 'stop step failed');
        failures.push(error);
      }
    }
    cancelDeadline();
    this.#phase = 'stopped';
    if (failures.length > 0)
      throw new AggregateError(failures, `${String(failures.length)} stop step(s) failed`);
    this.#log.info('stopped');
  }
}

function untilAborted(work: Promise<void>, deadline: AbortSignal, name: string): Promise<void> {
  const expired = new Promise<never>((_, reject) => {
    const fail = () => {
      reject(new Error(`stop step '${name}' did not finish within the grace period`));
    };
    // After the deadline a step still gets one turn of the event loop: closing a socket needs no more.
    if (deadline.aborted) setImmediate(fail);
    else deadline.addEventListener('abort', fail, { once: true });
  });
  return Promise.race([work, expired]);
}
