/** Sessions in memory. Record and outbox end together. */
import { AppError } from '../../../common/errors.ts';
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import type { Answer, OutboxEntry, SessionRecord, SessionStore } from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';

export interface MemorySession {
  readonly owner: string;
  readonly epoch: number;
  seq: number;
  readonly attributes: string;
  released: boolean;
  outbox: OutboxEntry[];
}

export interface MemorySessions extends SessionStore {
  /** For jobs, which check the epoch and add answers in the same step. */
  readonly records: ExpiringMap<MemorySession>;
}

export function createMemorySessions(clock: Clock): MemorySessions {
  const records = new ExpiringMap<MemorySession>(clock);
  const owners = new ExpiringMap<{ instanceId: string; epoch: number }>(clock);

  const holdOwnerKey = (sessionId: string, instanceId: string, epoch: number, ttlMs: number) => {
    owners.set(sessionId, { instanceId, epoch }, ttlMs);
  };
  const held = (sessionId: string, owner: string, epoch: number) => {
    const record = records.get(sessionId);
    return record?.owner === owner && record.epoch === epoch ? record : undefined;
  };

  return {
    records,

    async open({ sessionId, owner, attributes, ttlMs }) {
      const known = records.get(checkedId(sessionId, 'session'));
      if (known && known.owner !== owner) {
        throw new AppError('conflict', 'the session exists and belongs to another instance');
      }
      const record = { epoch: 1, seq: 0, outbox: [], ...known, owner, attributes, released: false };
      records.set(sessionId, record, ttlMs);
      holdOwnerKey(sessionId, owner, record.epoch, ttlMs);
      return Promise.resolve({ epoch: record.epoch });
    },

    async takeOver({ sessionId, owner, ttlMs }) {
      const known = records.get(sessionId);
      if (!known) return Promise.resolve({ kind: 'unknown' });
      const taken = { ...known, owner, epoch: known.epoch + 1, released: false };
      records.set(sessionId, taken, ttlMs);
      holdOwnerKey(sessionId, owner, taken.epoch, ttlMs);
      const session = sessionRecord(sessionId, taken);
      return Promise.resolve({ kind: 'taken', session, previousOwner: known.owner });
    },

    async renew(sessions, owner, ttlMs) {
      const lost = sessions.filter(({ sessionId, epoch }) => {
        if (!held(sessionId, owner, epoch)) return true;
        records.extend(sessionId, ttlMs);
        holdOwnerKey(sessionId, owner, epoch, ttlMs);
        return false;
      });
      return Promise.resolve(lost.map(({ sessionId }) => sessionId));
    },

    async release({ sessionId, epoch, owner, keepMs }) {
      const record = held(sessionId, owner, epoch);
      if (record) {
        record.released = true;
        records.extend(sessionId, keepMs);
      }
      const key = owners.get(sessionId);
      if (key?.instanceId === owner && key.epoch === epoch) owners.delete(sessionId);
      return Promise.resolve();
    },

    async get(sessionId) {
      const record = records.get(sessionId);
      return Promise.resolve(record && sessionRecord(sessionId, record));
    },

    async ownerOf(sessionId) {
      return Promise.resolve(owners.get(sessionId)?.instanceId);
    },

    async readOutbox(sessionId, afterSeq, limit) {
      const outbox = records.get(sessionId)?.outbox ?? [];
      return Promise.resolve(outbox.filter(({ seq }) => seq > afterSeq).slice(0, limit));
    },

    async trimOutbox(sessionId, throughSeq) {
      const record = records.get(sessionId);
      if (record) record.outbox = record.outbox.filter(({ seq }) => seq > throughSeq);
      return Promise.resolve();
    },
  };
}

/** Adds an answer under the session's next sequence number, which it returns. */
export function appendAnswer(
  session: MemorySession,
  answered: { jobId: string; utteranceIndex: number; answer: Answer },
): number {
  session.seq += 1;
  session.outbox.push({ seq: session.seq, ...answered });
  return session.seq;
}

function sessionRecord(sessionId: string, { owner, epoch, seq, attributes }: MemorySession): SessionRecord {
  return { sessionId, owner, epoch, seq, attributes };
}
