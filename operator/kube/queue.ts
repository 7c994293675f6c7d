/**
 * A work queue of keys that are to be looked at. It holds keys and nothing else, so that ten changes before the look cost one look.
 *
 *   add --> ready --> running --> done      a key is in `ready` once, and in work once at a time;
 *            ^  ^        |                  added while it runs, it is ready again when the run ends
 *            |  +- again +
 *          later (a time per key; the earliest asked for wins, and a run in between replaces it)
 *
 * A few places bound how many looks begin together. A look that takes long does not work, it waits for somebody's answer:
 * it goes on beside the places, and the next key has its place. So keys that nobody answers hold up no others.
 */
import type { Logger } from 'pino';
import { backoffMs } from '../../common/backoff.ts';
import type { Clock, Random } from '../../common/clock.ts';
import { toAppError, type AppError } from '../../common/errors.ts';

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Looks at a time, not counting those that have taken longer than `slowMs`. */
  readonly workers: number;
  /** How long a look holds its place at most. Default 50. */
  readonly slowMs?: number;
  /**
   * One look at a key. Asks for another by answering `againInMs`; a throw is logged and looked at again with a delay that
   * doubles per failure in a row.
   */
  readonly work: (key: string) => Promise<{ readonly againInMs?: number }>;
  /** Delay after failures of one key in a row. Default 0.2 s doubling to 60 s. */
  readonly retryDelay?: { readonly baseMs: number; readonly capMs: number };
  readonly metrics?: QueueMetrics;
}

export interface QueueMetrics {
  added(): void;
  /** Keys that wait for a place. */
  depth(keys: number): void;
  /** Keys in work, with a place or beside them. */
  running(keys: number): void;
  retried(): void;
  started(waitedMs: number): void;
  finished(result: WorkResult, tookMs: number): void;
}

export type WorkResult = 'success' | 'requeue_after' | 'error';

interface Later {
  readonly dueAt: number;
  readonly cancel: () => void;
}

const defaultRetryDelay = { baseMs: 200, capMs: 60_000 };
const defaultSlowMs = 50;

export class WorkQueue {
  readonly #options: QueueOptions;
  /** Keys that wait for a place, oldest first, with the time they began to wait. */
  readonly #ready = new Map<string, number>();
  readonly #running = new Set<string>();
  #placesTaken = 0;
  /** Running keys that were added meanwhile. */
  readonly #again = new Set<string>();
  readonly #later = new Map<string, Later>();
  readonly #failures = new Map<string, number>();
  #started = false;
  #stopping: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Begins to work. Keys may be added before: they wait. */
  start(): void {
    this.#started = true;
    this.#fill();
  }

  /** Asks for a look as soon as possible. */
  add(key: string): void {
    if (this.#stopped) return;
    this.#cancelLater(key);
    this.#options.metrics?.added();
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    if (!this.#ready.has(key)) this.#ready.set(key, this.#options.clock.monotonic());
    this.#fill();
  }

  /** Asks for a look after a delay; a look that is due earlier makes this one needless. */
  addAfter(key: string, delayMs: number): void {
    if (this.#stopped || this.#ready.has(key) || this.#again.has(key)) return;
    const { clock } = this.#options;
    const dueAt = clock.monotonic() + delayMs;
    if ((this.#later.get(key)?.dueAt ?? Infinity) <= dueAt) return;
    this.#cancelLater(key);
    const cancel = clock.after(delayMs, () => {
      this.add(key);
    });
    this.#later.set(key, { dueAt, cancel });
  }

  /** Takes no more keys and drops those that wait; resolves when the looks in progress have ended. */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#stopping = resolve;
      for (const key of [...this.#later.keys()]) this.#cancelLater(key);
      this.#ready.clear();
      this.#again.clear();
      this.#measure();
      this.#endIfIdle();
    });
    return this.#stopped;
  }

  #fill(): void {
    if (this.#started) {
      for (const [key, since] of this.#ready) {
        if (this.#placesTaken >= this.#options.workers) break;
        this.#ready.delete(key);
        this.#running.add(key);
        void this.#look(key, since);
      }
    }
    this.#measure();
  }

  async #look(key: string, since: number): Promise<void> {
    const { clock, work, metrics } = this.#options;
    const startedAt = clock.monotonic();
    const leavePlace = this.#takePlace();
    metrics?.started(startedAt - since);
    let result: WorkResult;
    try {
      // A turn later, so that `add` never runs foreign code and `work` may throw at once.
      await Promise.resolve();
      result = this.#succeeded(key, await work(key));
    } catch (error) {
      result = this.#failed(key, toAppError(error));
    }
    metrics?.finished(result, clock.monotonic() - startedAt);
    leavePlace();
    this.#release(key);
  }

  /** Holds a place until the look is over, or slow. */
  #takePlace(): () => void {
    const { clock, slowMs = defaultSlowMs } = this.#options;
    this.#placesTaken += 1;
    const freePlace = onlyOnce(() => {
      this.#placesTaken -= 1;
    });
    const cancel = clock.after(slowMs, () => {
      freePlace();
      this.#fill();
    });
    return () => {
      cancel();
      freePlace();
    };
  }

  #succeeded(key: string, { againInMs }: { readonly againInMs?: number }): WorkResult {
    this.#failures.delete(key);
    if (againInMs === undefined) return 'success';
    this.addAfter(key, againInMs);
    return 'requeue_after';
  }

  #failed(key: string, error: AppError): WorkResult {
    const { log, random, metrics, retryDelay = defaultRetryDelay } = this.#options;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const againInMs = backoffMs(failures, random.next(), retryDelay);
    log.error({ key, failures, againInMs, err: error }, 'work failed');
    metrics?.retried();
    this.addAfter(key, againInMs);
    return 'error';
  }

  #release(key: string): void {
    this.#running.delete(key);
    if (this.#again.delete(key)) this.add(key);
    else this.#fill();
    this.#endIfIdle();
  }

  #cancelLater(key: string): void {
    this.#later.get(key)?.cancel();
    this.#later.delete(key);
  }

  #endIfIdle(): void {
    if (this.#running.size === 0) this.#stopping?.();
  }

  #measure(): void {
    this.#options.metrics?.depth(this.#ready.size);
    this.#options.metrics?.running(this.#running.size);
  }
}

function onlyOnce(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
