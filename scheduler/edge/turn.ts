/**
 * What is written in one turn of the event loop leaves in one system call for each socket: a loopback or network write
 * costs more than everything else a message goes through. Nothing waits for it: the turn ends when its input is read.
 */

/** A socket that can gather what is written to it. */
export interface Gathering {
  cork(): void;
  uncork(): void;
}

export class TurnEnd {
  #gathering: Gathering[] = [];

  /** Holds back what is written to the socket until this turn ends. Once for each turn. */
  gather(socket: Gathering): void {
    socket.cork();
    if (this.#gathering.push(socket) === 1) setImmediate(this.#release);
  }

  readonly #release = (): void => {
    const gathered = this.#gathering;
    this.#gathering = [];
    for (const socket of gathered) socket.uncork();
  };
}
