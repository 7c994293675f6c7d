/**
 * Pings all connections, each once an interval, with one timer: the connections stand in sectors, and at each tick one
 * sector has its turn. So ten thousand connections cost no ten thousand timers and are never pinged all at once.
 */
import type { Clock } from '../../common/clock.ts';

export interface Pinged {
  /** Another interval is over. */
  ping(): void;
}

const sectorCount = 64;

export class PingWheel {
  readonly #sectors: readonly Set<Pinged>[] = Array.from({ length: sectorCount }, () => new Set<Pinged>());
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #turn = 0;
  #size = 0;
  #ticking = false;

  /** @param intervalMs 0 pings nobody */
  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Its first turn is a whole interval away. Returns the sector it stands in, for `remove`. */
  add(pinged: Pinged): number {
    const sector = this.#turn % sectorCount;
    this.#sectors[sector]?.add(pinged);
    this.#size += 1;
    if (!this.#ticking && this.#intervalMs > 0) this.#tickLater();
    return sector;
  }

  remove(pinged: Pinged, sector: number): void {
    if (this.#sectors[sector]?.delete(pinged) === true) this.#size -= 1;
  }

  #tickLater(): void {
    this.#ticking = this.#size > 0;
    if (!this.#ticking) return;
    this.#clock.after(this.#intervalMs / sectorCount, () => {
      this.#turn += 1;
      this.#tickLater();
      for (const pinged of this.#sectors[this.#turn % sectorCount] ?? []) pinged.ping();
    });
  }
}
