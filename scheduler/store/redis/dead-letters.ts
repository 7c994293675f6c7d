/**
 * Entries that cannot be delivered: how they become dead letters, and what people do with those. A dead letter keeps the
 * payload and where it came from, so that it can be looked at and sent again.
 */
import type { Logger } from 'pino';
import { decodeHints } from '../decode-hints.ts';
import type { DeadLetter, InboxEntry, InboxStore } from '../store.ts';
import type { RedisConnection, ServerClient } from './connection.ts';
import type { Keys } from './keys.ts';
import type { RedisStoreOptions } from './options.ts';
import { asEntries, asList, asNumber, asText, asTexts, type StreamEntry } from './reply.ts';
import { deadLetterReplayScript } from './scripts/dead-letter-replay.ts';
import { inboxDeadLetterScript } from './scripts/inbox-dead-letter.ts';
import { inboxSendScript } from './scripts/inbox-send.ts';

interface Parts extends Pick<RedisStoreOptions, 'group' | 'dlq' | 'maxLength'> {
  readonly keys: Keys;
  readonly commands: RedisConnection;
  readonly log: Logger;
}

type Verbs = Pick<
  InboxStore,
  'instancesWithDeadLetters' | 'deadLetters' | 'replayDeadLetter' | 'dropDeadLetters'
>;

export type DeadLetters = ReturnType<typeof createDeadLetters>;

export function createDeadLetters({ keys, commands, group, dlq, maxLength, log }: Parts) {
  const count = (times: number, reason: string): void => {
    if (times === 0) return;
    commands.count('dead_letter', 'ok', times);
    log.warn({ entries: times, reason }, 'inbox entries moved to the dead letters');
  };

  const bury = async (instanceId: string, id: string, reason: string): Promise<void> => {
    const scriptKeys = [keys.inbox(instanceId), keys.deadLetters(instanceId)];
    const args = [group, dlq.enabled ? dlq.maxLength : 0, `undecodable: ${reason}`, id];
    count(asNumber(await commands.run(inboxDeadLetterScript, scriptKeys, args)), reason);
  };

  return {
    count,
    verbs: deadLetterVerbs(keys, commands, maxLength),

    /** The entries that can be read; the others become dead letters. */
    async decode(instanceId: string, entries: readonly StreamEntry[], again: boolean): Promise<InboxEntry[]> {
      const readable: InboxEntry[] = [];
      for (const { id, fields } of entries) {
        const decoded = decodeHints(fields.get('payload'));
        if (decoded.ok) {
          readable.push({ id, hints: decoded.hints, again });
          commands.count('hint_dropped', 'err', decoded.dropped);
        } else {
          await bury(instanceId, id, decoded.reason);
        }
      }
      return readable;
    },
  };
}

function deadLetterVerbs(keys: Keys, commands: RedisConnection, maxLength: number): Verbs {
  const destination = (instanceId: string) => [keys.lease(instanceId), keys.inbox(instanceId)];

  /** Another instance's inbox is in another slot: sent first, removed after. */
  const replayElsewhere = async (instanceId: string, id: string, to: string) => {
    const range = [keys.deadLetters(instanceId), id, id];
    const [letter] = asEntries(await commands.command('XRANGE', range));
    if (!letter) return 'gone';
    const args = [`${to}|`, maxLength, letter.fields.get('payload') ?? ''];
    const answer = asText(await commands.run(inboxSendScript, destination(to), args));
    if (answer !== 'sent') return answer as 'busy' | 'no_owner';
    await commands.command('XDEL', [keys.deadLetters(instanceId), id]);
    return 'replayed';
  };

  return {
    async instancesWithDeadLetters() {
      const scans = await Promise.all((await commands.servers()).map((server) => scanned(server, keys)));
      const found = [...new Set(scans.flat())].sort();
      // The stream stays when its last entry is removed.
      const lengths = await Promise.all(found.map((key) => commands.command('XLEN', [key])));
      const filled = found.filter((_, at) => asNumber(lengths[at]) > 0);
      return filled.map((key) => keys.instanceOfDeadLetters(key));
    },

    async deadLetters(instanceId, after, limit) {
      const from = after === '' ? '-' : `(${after}`;
      const range = [keys.deadLetters(instanceId), from, '+', 'COUNT', limit];
      return asEntries(await commands.command('XRANGE', range)).map(deadLetter);
    },

    async replayDeadLetter(instanceId, id, to) {
      if (to !== instanceId) return replayElsewhere(instanceId, id, to);
      const scriptKeys = [...destination(instanceId), keys.deadLetters(instanceId)];
      const args = [`${instanceId}|`, maxLength, id];
      const answer = asText(await commands.run(deadLetterReplayScript, scriptKeys, args));
      return answer as 'replayed' | 'gone' | 'busy' | 'no_owner';
    },

    async dropDeadLetters(instanceId, ids) {
      if (ids.length === 0) return 0;
      return asNumber(await commands.command('XDEL', [keys.deadLetters(instanceId), ...ids]));
    },
  };
}

/** Keys of dead letters on one server. */
async function scanned(server: ServerClient, keys: Keys): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const reply = await server.ask('SCAN', cursor, 'MATCH', keys.deadLettersPattern, 'COUNT', 1000);
    const [next, batch] = asList(reply);
    cursor = asText(next);
    found.push(...asTexts(batch));
  } while (cursor !== '0');
  return found;
}

function deadLetter({ id, fields }: StreamEntry): DeadLetter {
  return {
    id,
    payload: fields.get('payload') ?? '',
    sourceStream: fields.get('src_stream') ?? '',
    sourceId: fields.get('src_id') ?? '',
    deliveries: Number(fields.get('deliveries') ?? 0),
    movedAtMs: Number(fields.get('moved_at_ms') ?? 0),
    reason: fields.get('reason') ?? '',
  };
}
