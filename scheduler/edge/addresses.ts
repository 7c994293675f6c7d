/** How many connections each address has. Keeps nothing when there is no limit. */
export class Addresses {
  readonly #max: number;
  readonly #counts = new Map<string, number>();
  readonly #addressOf = new Map<object, string>();

  /** @param max 0 is no limit */
  constructor(max: number) {
    this.#max = max;
  }

  full(address: string): boolean {
    return this.#max > 0 && (this.#counts.get(address) ?? 0) >= this.#max;
  }

  add(connection: object, address: string): void {
    if (this.#max === 0) return;
    this.#addressOf.set(connection, address);
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }

  remove(connection: object): void {
    const address = this.#addressOf.get(connection);
    if (address === undefined) return;
    this.#addressOf.delete(connection);
    const left = (this.#counts.get(address) ?? 0) - 1;
    if (left > 0) this.#counts.set(address, left);
    else this.#counts.delete(address);
  }
}
