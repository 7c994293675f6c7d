/** Sessions in memory. Record and outbox end together. */
import { AppError } from '../../../common/errors.ts';
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import type { Answer, OpenJobRecord, OutboxEntry, SessionRecord, SessionStore } from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';

export interface MemorySession {
  readonly owner: string;
  readonly epoch: number;
  seq: number;
  readonly attributes: string;
  readonly resumeToken: string;
  acknowledged: number;
  released: boolean;
  outbox: OutboxEntry[];
}

export interface MemorySessions extends SessionStore {
  /** For jobs, which check the epoch and add answers in the same step. */
  readonly records: ExpiringMap<MemorySession>;
}

/** @param openJobs jobs of a session that have no answer yet */
export function createMemorySessions(
  clock: Clock,
  openJobs: (sessionId: string) => OpenJobRecord[],
): MemorySessions {
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

    async open({ sessionId, owner, attributes, resumeToken, ttlMs }) {
      const known = records.get(checkedId(sessionId, 'session'));
      if (known && known.owner !== owner) {
        throw new AppError('conflict', 'the session exists and belongs to another instance');
      }
      const fresh = { epoch: 1, seq: 0, acknowledged: 0, outbox: [] };
      const record = { ...fresh, ...known, owner, attributes, resumeToken, released: false };
      records.set(sessionId, record, ttlMs);
      holdOwnerKey(sessionId, owner, record.epoch, ttlMs);
      return Promise.resolve({ epoch: record.epoch });
    },

    async takeOver({ sessionId, owner, resumeToken, ttlMs }) {
      const known = records.get(sessionId);
      if (!known) return Promise.resolve({ kind: 'unknown' });
      if (known.resumeToken !== resumeToken) return Promise.resolve({ kind: 'denied' });
      const taken = { ...known, owner, epoch: known.epoch + 1, released: false };
      records.set(sessionId, taken, ttlMs);
      holdOwnerKey(sessionId, owner, taken.epoch, ttlMs);
      const session = sessionRecord(sessionId, taken);
      const open = openJobs(sessionId);
      return Promise.resolve({ kind: 'taken', session, previousOwner: known.owner, open });
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

    ...outboxVerbs(records),
  };
}

function outboxVerbs(records: ExpiringMap<MemorySession>): Pick<SessionStore, 'readOutbox' | 'trimOutbox'> {
  return {
    async readOutbox(sessionId, afterSeq, limit) {
      const outbox = records.get(sessionId)?.outbox ?? [];
      return Promise.resolve(outbox.filter(({ seq }) => seq > afterSeq).slice(0, limit));
    },

    async trimOutbox(sessionId, throughSeq) {
      const record = records.get(sessionId);
      if (record) {
        record.outbox = record.outbox.filter(({ seq }) => seq > throughSeq);
        record.acknowledged = Math.max(record.acknowledged, Math.min(throughSeq, record.seq));
      }
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

function sessionRecord(sessionId: string, session: MemorySession): SessionRecord {
  const { owner, epoch, seq, attributes, acknowledged } = session;
  return { sessionId, owner, epoch, seq, attributes, acknowledged };
}
