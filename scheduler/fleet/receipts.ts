/**
 * Acknowledges what was read from the inbox, a little later and together: nobody waits for it, and an entry that comes
 * again because a process died meanwhile is harmless.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { InboxStore } from '../store/store.ts';

interface ReceiptsDeps {
  readonly instanceId: string;
  readonly inbox: Pick<InboxStore, 'acknowledge'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const gatherMs = 20;

export class Receipts {
  readonly #deps: ReceiptsDeps;
  #ids: string[] = [];

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps;
  }

  add(ids: readonly string[]): void {
    if (ids.length === 0) return;
    if (this.#ids.length === 0) this.#deps.clock.after(gatherMs, () => void this.send());
    this.#ids.push(...ids);
  }

  /** Now, what there is. Never rejects: entries that stay unacknowledged come again. */
  async send(): Promise<void> {
    const { inbox, instanceId, log } = this.#deps;
    const ids = this.#ids;
    this.#ids = [];
    if (ids.length === 0) return;
    try {
      await inbox.acknowledge(instanceId, ids);
    } catch (error) {
      log.warn({ err: error }, 'inbox entries could not be acknowledged; they will come again');
    }
  }
}
