/** A session's terminal answers in Redis: a stream whose entry ids are the answers' sequence numbers. */
import type { Answer, OutboxEntry, SessionStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { asEntries, type StreamEntry } from './reply.ts';
import { outboxTrimScript } from './scripts/outbox-trim.ts';

type Outbox = Pick<SessionStore, 'readOutbox' | 'trimOutbox'>;

export function createRedisOutbox(keys: Keys, commands: RedisConnection): Outbox {
  return {
    async readOutbox(sessionId, afterSeq, limit) {
      const range = [entryId(afterSeq + 1), '+', 'COUNT', limit];
      return asEntries(await commands.command('XRANGE', [keys.outbox(sessionId), ...range])).map(outboxEntry);
    },

    async trimOutbox(sessionId, throughSeq) {
      await commands.run(outboxTrimScript, [keys.session(sessionId), keys.outbox(sessionId)], [throughSeq]);
    },
  };
}

const entryId = (seq: number): string => `${String(seq)}-0`;

function outboxEntry({ id, fields }: StreamEntry): OutboxEntry {
  return {
    seq: Number(id.slice(0, id.indexOf('-'))),
    jobId: fields.get('job') ?? '',
    utteranceIndex: Number(fields.get('index')),
    answer: JSON.parse(fields.get('answer') ?? 'null') as Answer,
  };
}
