/**
 * An action that many may ask for: never two at a time, and a request made while one runs is answered by one more run
 * afterwards, however many there were.
 */
export class SingleFlight {
  readonly #action: () => Promise<void>;
  #asked = false;
  #running: Promise<void> | undefined;

  /** @param action must not reject: there is nobody to tell */
  constructor(action: () => Promise<void>) {
    this.#action = action;
  }

  request(): void {
    this.#asked = true;
    this.#running ??= this.#run();
  }

  /** Resolves when everything asked for so far is done. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#asked) {
      this.#asked = false;
      await this.#action();
    }
    this.#running = undefined;
  }
}
