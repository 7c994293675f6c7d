/** Inboxes in Redis: sending to any, reading one's own. */
import { AppError } from '../../../common/errors.ts';
import type { InboxStore } from '../store.ts';
import { isNoGroup } from './failure.ts';
import { InboxReader, type ReaderParts } from './inbox-reader.ts';
import { createDeadLetters } from './dead-letters.ts';
import { InboxSender } from './inbox-sender.ts';
import { asEntries, asList, asNumber, asTextOrNil } from './reply.ts';
import { inboxSalvageScript } from './scripts/inbox-salvage.ts';

type Parts = Omit<ReaderParts, 'instanceId' | 'deadLetters'> & { readonly maxLength: number };

export function createRedisInbox(parts: Parts): InboxStore {
  const { keys, commands, group } = parts;
  const sender = new InboxSender(parts);
  const letters = createDeadLetters(parts);
  const readers = new Map<string, InboxReader>();

  /** How many are pending, and the lowest of their ids. */
  const pendingOf = async (instanceId: string): Promise<{ count: number; oldest: string | undefined }> => {
    try {
      const [count, oldest] = asList(await commands.command('XPENDING', [keys.inbox(instanceId), group]));
      return { count: asNumber(count), oldest: asTextOrNil(oldest) };
    } catch (error) {
      if (isNoGroup(error)) return { count: 0, oldest: undefined };
      throw error;
    }
  };

  return {
    send: (instanceId, hints) => sender.send(instanceId, hints),

    async *read(instanceId, signal) {
      if (readers.has(instanceId)) throw new AppError('internal', 'the inbox has a reader already');
      const reader = new InboxReader({ ...parts, deadLetters: letters, instanceId });
      readers.set(instanceId, reader);
      try {
        yield* reader.read(signal);
      } finally {
        readers.delete(instanceId);
      }
    },

    async acknowledge(instanceId, ids) {
      if (ids.length === 0) return;
      const inbox = keys.inbox(instanceId);
      await Promise.all([
        commands.command('XACK', [inbox, group, ...ids]),
        commands.command('XDEL', [inbox, ...ids]),
      ]);
      readers.get(instanceId)?.acknowledged(ids);
    },

    ...letters.verbs,

    async salvage(deadInstanceId, reaper, limit) {
      const scriptKeys = [keys.lease(deadInstanceId), keys.inbox(deadInstanceId)];
      const entries = asEntries(await commands.run(inboxSalvageScript, scriptKeys, [`${reaper}|`, limit]));
      return letters.decode(deadInstanceId, entries, true);
    },

    async stats(instanceId) {
      const [length, pending, dlqLength] = await Promise.all([
        commands.command('XLEN', [keys.inbox(instanceId)]),
        pendingOf(instanceId),
        commands.command('XLEN', [keys.deadLetters(instanceId)]),
      ]);
      return { length: asNumber(length), pending: pending.count, dlqLength: asNumber(dlqLength) };
    },

    async oldestPending(instanceId) {
      return (await pendingOf(instanceId)).oldest;
    },
  };
}
