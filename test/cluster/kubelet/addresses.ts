/**
 * Addresses for pods, on which every pod has every port to itself. A node takes one /24 network: the first address is its own and, as
 * long as it listens there, tells other nodes on this machine that the network is taken.
 */
import { AppError } from '../../../common/errors.ts';

export interface AddressRange {
  /** How many /24 networks it has. */
  readonly networks: number;
  /** @param index from 0 to `networks - 1` */
  readonly prefix: (index: number) => string;
}

const range = (first: number, from: number, to: number): AddressRange => ({
  networks: (to - from + 1) * 256,
  prefix: (index) => `${first}.${from + Math.floor(index / 256)}.${index % 256}`,
});

/** 127.64.0.0/10: Linux answers on all of 127.0.0.0/8 without any set-up. */
export const loopbackRange = range(127, 64, 127);

/**
 * 198.18.0.0/15, set aside for tests by RFC 2544. A real API server refuses loopback addresses in the endpoints of a Service; these it
 * takes, where the machine was told that they are its own (`support/own-network.ts`).
 */
export const testRange = range(198, 18, 19);

export class AddressPool {
  readonly nodeAddress: string;
  readonly #prefix: string;
  readonly #used = new Set<number>();
  #last = 1;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.nodeAddress = `${prefix}.1`;
  }

  /** An address no pod has, preferably one that was free for long. Throws `unavailable` at 253 pods. */
  take(): string {
    for (let tries = 0; tries < 253; tries++) {
      this.#last = this.#last >= 254 ? 2 : this.#last + 1;
      if (this.#used.has(this.#last)) continue;
      this.#used.add(this.#last);
      return `${this.#prefix}.${this.#last}`;
    }
    throw new AppError('unavailable', 'every pod address of this node is in use');
  }

  release(address: string): void {
    this.#used.delete(Number(address.slice(address.lastIndexOf('.') + 1)));
  }
}
