/** Handles items strictly one after another, at once while the handler is quick, and in turn while it is waiting. */
export class Sequencer<Item> {
  readonly #handle: (item: Item) => Promise<void> | undefined;
  readonly #waiting: Item[] = [];
  #busy = false;

  constructor(handle: (item: Item) => Promise<void> | undefined) {
    this.#handle = handle;
  }

  push(item: Item): void {
    this.#waiting.push(item);
    if (!this.#busy) this.#work();
  }

  /** What comes next waits until `work` has ended. */
  hold(work: Promise<void>): void {
    this.#busy = true;
    void work.finally(() => {
      this.#busy = false;
      this.#work();
    });
  }

  #work(): void {
    while (!this.#busy) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      const work = this.#handle(item);
      if (work) this.hold(work);
    }
  }
}
