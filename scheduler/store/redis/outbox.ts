/**
 * A session's terminal answers in Redis: a stream in which an answer with sequence number n has the id `0-n`. Redis counts
 * them on by itself, also past those that were trimmed.
 */
import { partitionOf } from '../partition.ts';
import type { Answer, OutboxEntry, SessionStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { asEntries, type StreamEntry } from './reply.ts';
import { ScriptGroup } from './script-group.ts';
import { outboxTrimScript } from './scripts/outbox-trim.ts';

type Outbox = Pick<SessionStore, 'readOutbox' | 'trimOutbox'>;

interface Trim {
  readonly sessionId: string;
  readonly session: string;
  readonly outbox: string;
  readonly throughSeq: number;
}

/** @param grouped whether one call may touch every slot */
export function createRedisOutbox(keys: Keys, commands: RedisConnection, grouped: boolean): Outbox {
  const trimming = new ScriptGroup<Trim>({
    run: commands.runTogether.bind(commands),
    script: outboxTrimScript,
    call: (trims) => ({
      keys: [...trims.map(({ session }) => session), ...trims.map(({ outbox }) => outbox)],
      args: trims.map(({ throughSeq }) => throughSeq),
    }),
    characters: () => 0,
    slotOf: grouped ? undefined : ({ sessionId }) => partitionOf(sessionId),
  });

  return {
    async readOutbox(sessionId, afterSeq, limit) {
      const range = [entryId(afterSeq + 1), '+', 'COUNT', limit];
      return asEntries(await commands.command('XRANGE', [keys.outbox(sessionId), ...range])).map(outboxEntry);
    },

    async trimOutbox(sessionId, throughSeq) {
      const session = keys.session(sessionId);
      await trimming.ask({ sessionId, session, outbox: keys.outbox(sessionId), throughSeq });
    },
  };
}

const entryId = (seq: number): string => `0-${String(seq)}`;

function outboxEntry({ id, fields }: StreamEntry): OutboxEntry {
  return {
    seq: Number(id.slice(id.indexOf('-') + 1)),
    jobId: fields.get('job') ?? '',
    utteranceIndex: Number(fields.get('index')),
    answer: JSON.parse(fields.get('answer') ?? 'null') as Answer,
  };
}
