/**
 * Jobs that wait for a node, first come first served. Those that want the same of a node stand in one line: when its first
 * finds no node, the others need not look, so that a look costs what there are lines and not what there are jobs.
 */
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

/** Jobs in the order they came, each with its number. */
type Line = Map<OpenJob, number>;

export class WaitingRoom {
  readonly #lines = new Map<string, Line>();
  #size = 0;
  #came = 0;
  readonly #deps: WaitingRoomDeps;
  #woken = false;
  #looking = false;

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#size;
  }

  enter(job: OpenJob): void {
    const name = nameOf(job);
    const line = this.#lines.get(name) ?? new Map<OpenJob, number>();
    this.#lines.set(name, line);
    if (line.has(job)) return;
    this.#came += 1;
    this.#size += 1;
    line.set(job, this.#came);
    // Whoever waits before it has asked already.
    if (line.size === 1) this.#deps.askForCapacity(job);
    this.#lookLater();
  }

  leave(job: OpenJob): void {
    // Most jobs end without ever having waited.
    if (this.#size === 0) return;
    const name = nameOf(job);
    const line = this.#lines.get(name);
    if (!line?.delete(job)) return;
    this.#size -= 1;
    if (line.size === 0) this.#lines.delete(name);
  }

  /** Something may have become free. Many calls in one turn of the event loop are one look. */
  wake(): void {
    if (this.#woken || this.#size === 0) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      this.#pump();
    });
  }

  /** Whoever came first of all that are first in their lines is placed first, until no line has one that can be. */
  #pump(): void {
    const heads = [...this.#lines.values()].flatMap(headOf).sort((a, b) => a.came - b.came);
    for (let first = heads.shift(); first; first = heads.shift()) {
      const { job, line } = first;
      if (!this.#deps.tryPlace(job)) {
        this.#deps.askForCapacity(job);
        continue;
      }
      this.leave(job);
      for (const next of headOf(line)) heads.splice(placeOf(next, heads), 0, next);
    }
  }

  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#deps.clock.after(lookEveryMs, () => {
      this.#looking = false;
      this.wake();
      if (this.#size > 0) this.#lookLater();
    });
  }
}

interface Head {
  readonly job: OpenJob;
  readonly line: Line;
  readonly came: number;
}

/** The first of a line; one that is being moved is passed over. Empty when there is none. */
function headOf(line: Line): Head[] {
  for (const [job, came] of line) if (!job.moving) return [{ job, line, came }];
  return [];
}

/** Where it belongs among those that are in order. There may be thousands: as many as clients name languages. */
function placeOf({ came }: Head, heads: readonly Head[]): number {
  let low = 0;
  let high = heads.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((heads[middle]?.came ?? Infinity) < came) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As JSON, because a language is any text that a client sends: no two wants may have one name. */
const nameOf = ({ services, languages }: OpenJob): string =>
  JSON.stringify([services, languages.map(({ source, target }) => [source, target])]);
