/** Jobs that wait for a node, first come first served, and the calls we asked other instances for. */
import type { OpenJob } from './session.ts';

export interface WaitingRoomDeps {
  /** Finds a node for a job and sends it there; false when no node looks able. */
  readonly tryPlace: (job: OpenJob) => boolean;
  /** Asks the instances whose nodes are full to say when a slot frees. */
  readonly askForCapacity: (job: OpenJob) => void;
}

export class WaitingRoom {
  readonly #jobs = new Set<OpenJob>();
  readonly #deps: WaitingRoomDeps;
  #pumping = false;

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#jobs.size;
  }

  enter(job: OpenJob): void {
    this.#jobs.add(job);
    this.#deps.askForCapacity(job);
  }

  leave(job: OpenJob): void {
    this.#jobs.delete(job);
  }

  /** Something may have become free. Many calls in one turn of the event loop are one look. */
  wake(): void {
    if (this.#pumping || this.#jobs.size === 0) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  /** Jobs that want the same services stand in one line: when its first finds no node, the others need not look. */
  #pump(): void {
    const stuck = new Set<string>();
    for (const job of this.#jobs) {
      const line = job.services.join();
      if (stuck.has(line) || job.moving) continue;
      if (this.#deps.tryPlace(job)) {
        this.#jobs.delete(job);
      } else {
        stuck.add(line);
        this.#deps.askForCapacity(job);
      }
    }
  }
}
