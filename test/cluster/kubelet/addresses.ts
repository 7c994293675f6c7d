/**
 * Loopback addresses for pods, from 127.64.0.0/10. Linux answers on all of 127.0.0.0/8 without any set-up, so each pod can have
 * every port to itself. A node takes one /24 network: the first address is its own and, as long as it listens there, tells
 * other nodes on this machine that the network is taken.
 */
import { AppError } from '../../../common/errors.ts';

/** Networks in 127.64.0.0/10. */
export const networksMax = 64 * 256;

/** @param index from 0 to `networksMax - 1` */
export const networkPrefix = (index: number): string => `127.${64 + Math.floor(index / 256)}.${index % 256}`;

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
