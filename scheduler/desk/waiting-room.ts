/** Jobs that wait for a node, first come first served. */
import type { Clock } from '../../common/clock.ts';
import type { OpenJob } from './session.ts';

export interface WaitingRoomDeps {
  readonly clock: Clock;
  /** Finds a node for a job and sends it there; false when no node looks able. */
  readonly tryPlace: (job: OpenJob) => boolean;
  /** Asks the instances whose nodes are full to say when a slot frees. */
  readonly askForCapacity: (job: OpenJob) => void;
}

/** However it was missed that a node is free, a waiting job finds it within this time. */
const lookEveryMs = 250;

export class WaitingRoom {
  readonly #jobs = new Set<OpenJob>();
  readonly #deps: WaitingRoomDeps;
  #woken = false;
  #looking = false;

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#jobs.size;
  }

  enter(job: OpenJob): void {
    this.#jobs.add(job);
    this.#deps.askForCapacity(job);
    this.#lookLater();
  }

  leave(job: OpenJob): void {
    this.#jobs.delete(job);
  }

  /** Something may have become free. Many calls in one turn of the event loop are one look. */
  wake(): void {
    if (this.#woken || this.#jobs.size === 0) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      this.#pump();
    });
  }

  /** Jobs that want the same of a node stand in one line: when its first finds no node, the others need not look. */
  #pump(): void {
    const stuck = new Set<string>();
    for (const job of this.#jobs) {
      const line = lineOf(job);
      if (stuck.has(line) || job.moving) continue;
      if (this.#deps.tryPlace(job)) {
        this.#jobs.delete(job);
      } else {
        stuck.add(line);
        this.#deps.askForCapacity(job);
      }
    }
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#deps.clock.after(lookEveryMs, () => {
      this.#looking = false;
      this.wake();
      if (this.#jobs.size > 0) this.#lookLater();
    });
  }
}

const lineOf = ({ services, languages }: OpenJob): string =>
  [...services, ...languages.map(({ source = '', target = '' }) => `${source}>${target}`)].join();
