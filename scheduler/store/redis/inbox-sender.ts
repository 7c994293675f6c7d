/**
 * Sends hints to inboxes. What is sent to one instance in one turn of the event loop travels as one entry; each caller
 * gets the answer of the entry that carries its hints.
 */
import type { Logger } from 'pino';
import { toAppError } from '../../../common/errors.ts';
import { encodeHints } from '../decode-hints.ts';
import type { Hint } from '../hints.ts';
import type { SendAnswer } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { asText } from './reply.ts';
import { inboxSendScript } from './scripts/inbox-send.ts';

/** Most hints in one entry: an entry is read, handled and acknowledged as one. */
const hintsPerEntry = 64;

interface Letter {
  readonly hints: Hint[];
  readonly answered: Promise<SendAnswer>;
  readonly settle: PromiseWithResolvers<SendAnswer>;
}

interface Parts {
  readonly keys: Keys;
  readonly commands: RedisConnection;
  readonly maxLength: number;
  readonly log: Logger;
}

export class InboxSender {
  readonly #parts: Parts;
  /** Letters of this turn, by target; the last of each is still open. */
  #letters = new Map<string, Letter[]>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async send(instanceId: string, hints: readonly Hint[]): Promise<SendAnswer> {
    // A bad id must fail its own caller, not the others of this turn.
    this.#parts.keys.inbox(instanceId);
    if (this.#letters.size === 0) setImmediate(this.#flush);
    const letter = this.#openLetter(instanceId, hints.length);
    letter.hints.push(...hints);
    return letter.answered;
  }

  #openLetter(instanceId: string, room: number): Letter {
    const letters = this.#letters.get(instanceId) ?? [];
    this.#letters.set(instanceId, letters);
    const last = letters.at(-1);
    if (last && last.hints.length + room <= hintsPerEntry) return last;
    const settle = Promise.withResolvers<SendAnswer>();
    const letter = { hints: [], answered: settle.promise, settle };
    letters.push(letter);
    return letter;
  }

  readonly #flush = (): void => {
    const due = this.#letters;
    this.#letters = new Map();
    for (const [instanceId, letters] of due) {
      for (const letter of letters) void this.#deliver(instanceId, letter);
    }
  };

  async #deliver(instanceId: string, { hints, settle }: Letter): Promise<void> {
    const { keys, commands, maxLength, log } = this.#parts;
    try {
      const scriptKeys = [keys.lease(instanceId), keys.inbox(instanceId)];
      const args = [`${instanceId}|`, maxLength, encodeHints(hints)];
      const [reply] = commands.runTogether(inboxSendScript, [{ keys: scriptKeys, args }]);
      const answer = asText(await reply);
      if (answer === 'sent') log.debug({ to: instanceId, hints: hints.length }, 'Enqueued to instance inbox');
      settle.resolve(answer as SendAnswer);
    } catch (error) {
      settle.reject(toAppError(error));
    }
  }
}
