/**
 * Decides when what is written to the sockets leaves. A write to the network costs more than everything else a message
 * goes through, so what one turn of the event loop has for a socket leaves in one write at the end of the turn, which
 * keeps nobody waiting. Progress may wait a little longer: mostly what it announces soon goes the same way.
 */
import type { Clock } from '../../common/clock.ts';

/** A socket that holds back what is written to it. */
export interface Outlet {
  /** Lets it go; harmless when there is nothing. */
  flush(): void;
}

/** How long progress waits for company: what is a tenth of a second late does not look late. */
const soonMs = 100;

export class Outflow {
  readonly #clock: Clock;
  #turn: Outlet[] = [];
  #soon: Outlet[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Flushes it when this turn of the event loop ends. */
  atTurnEnd(outlet: Outlet): void {
    if (this.#turn.push(outlet) === 1) setImmediate(this.#flushTurn);
  }

  /** Flushes it within the time that progress may wait. */
  soon(outlet: Outlet): void {
    if (this.#soon.push(outlet) === 1) this.#clock.after(soonMs, this.#flushSoon);
  }

  readonly #flushTurn = (): void => {
    const outlets = this.#turn;
    this.#turn = [];
    for (const outlet of outlets) outlet.flush();
  };

  readonly #flushSoon = (): void => {
    const outlets = this.#soon;
    this.#soon = [];
    for (const outlet of outlets) outlet.flush();
  };
}
