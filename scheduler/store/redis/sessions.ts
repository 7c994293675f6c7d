/**
 * Sessions in Redis. The record in the session's partition is the truth and is written first; the owner key, in a slot of
 * its own, follows and only says on which instance the socket is.
 */
import { AppError } from '../../../common/errors.ts';
import { checkedId } from '../ids.ts';
import { partitionOf } from '../partition.ts';
import type { SessionStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { createOpenJobs } from './open-jobs.ts';
import { createRedisOutbox } from './outbox.ts';
import { asList, asNumber, asText, asTextOrNil } from './reply.ts';
import { deleteIfEqualScript } from './scripts/delete-if-equal.ts';
import { sessionOpenScript } from './scripts/session-open.ts';
import { sessionOwnerHoldScript } from './scripts/session-owner-hold.ts';
import { parseSession, storedToken } from './session-record.ts';
import { sessionReadScript } from './scripts/session-read.ts';
import { sessionReleaseScript } from './scripts/session-release.ts';
import { sessionRenewScript } from './scripts/session-renew.ts';
import { sessionTakeOverScript } from './scripts/session-take-over.ts';

type Held = Readonly<{ sessionId: string; epoch: number }>;

/** Sessions renewed by one script call, so that none holds Redis for long. */
const renewedAtOnce = 100;

/** @param grouped whether one script call may touch every slot */
export function createRedisSessions(keys: Keys, commands: RedisConnection, grouped: boolean): SessionStore {
  const openJobs = createOpenJobs(keys, commands);
  const recordAndOutbox = (sessionId: string) => [keys.session(sessionId), keys.outbox(sessionId)];
  const holdOwnerKeys = (sessions: readonly Held[], owner: string, ttlMs: number) => {
    const ownerKeys = sessions.map(({ sessionId }) => keys.sessionOwner(sessionId));
    const epochs = sessions.map(({ epoch }) => epoch);
    return commands.run(sessionOwnerHoldScript, ownerKeys, [owner, ttlMs, ...epochs]);
  };

  const renewRecords = async (sessions: readonly Held[], owner: string, ttlMs: number) => {
    const scriptKeys = [keys.session, keys.outbox].flatMap((key) =>
      sessions.map(({ sessionId }) => key(sessionId)),
    );
    const epochs = sessions.map(({ epoch }) => epoch);
    const ours = asList(await commands.run(sessionRenewScript, scriptKeys, [owner, ttlMs, ...epochs]));
    const held = sessions.filter((_, i) => ours[i] === 1);
    // Each owner key has a slot of its own.
    const together = grouped && held.length > 0 ? [held] : held.map((session) => [session]);
    await Promise.all(together.map((some) => holdOwnerKeys(some, owner, ttlMs)));
    return sessions.filter((_, i) => ours[i] !== 1).map(({ sessionId }) => sessionId);
  };

  return {
    ...createRedisOutbox(keys, commands, grouped),

    async open({ sessionId, owner, attributes, resumeToken, ttlMs }) {
      const args = [checkedId(owner, 'instance'), attributes, storedToken(resumeToken), ttlMs];
      const reply = asList(await commands.run(sessionOpenScript, recordAndOutbox(sessionId), args));
      if (asText(reply[0]) === 'taken') {
        throw new AppError('conflict', 'the session exists and belongs to another instance');
      }
      const epoch = asNumber(reply[1]);
      await holdOwnerKeys([{ sessionId, epoch }], owner, ttlMs);
      return { epoch };
    },

    async takeOver({ sessionId, owner, resumeToken, ttlMs }) {
      const args = [checkedId(owner, 'instance'), storedToken(resumeToken), ttlMs];
      const reply = await commands.run(sessionTakeOverScript, recordAndOutbox(sessionId), args);
      const [kind, record, seq, previousOwner] = asList(reply);
      if (kind === 'unknown' || kind === 'denied') return { kind };
      const session = { ...parseSession(sessionId, asText(record)), seq: asNumber(seq) };
      await holdOwnerKeys([session], owner, ttlMs);
      // After the new epoch: what the previous owner accepted is all there, and it accepts nothing more.
      const open = await openJobs.ofSession(sessionId);
      return { kind: 'taken', session, previousOwner: asText(previousOwner), open };
    },

    async renew(sessions, owner, ttlMs) {
      const lost = await Promise.all(
        inCalls(sessions, grouped).map((together) => renewRecords(together, owner, ttlMs)),
      );
      return lost.flat();
    },

    async release({ sessionId, epoch, owner, keepMs }) {
      await Promise.all([
        commands.run(sessionReleaseScript, recordAndOutbox(sessionId), [owner, epoch, keepMs]),
        commands.run(deleteIfEqualScript, [keys.sessionOwner(sessionId)], [`${owner}|${String(epoch)}`]),
      ]);
    },

    async get(sessionId) {
      const reply = await commands.run(sessionReadScript, recordAndOutbox(sessionId), []);
      if (reply === null) return undefined;
      const [record, seq] = asList(reply);
      return { ...parseSession(sessionId, asText(record)), seq: asNumber(seq) };
    },

    async ownerOf(sessionId) {
      const value = asTextOrNil(await commands.command('GET', [keys.sessionOwner(sessionId)]));
      return value?.slice(0, value.lastIndexOf('|'));
    },
  };
}

/** Sessions that one script may touch together, in bounded lists. */
function inCalls(sessions: readonly Held[], grouped: boolean): Held[][] {
  const lists: Held[][] = [];
  const slotOf = ({ sessionId }: Held) => (grouped ? '' : partitionOf(sessionId));
  for (const together of Map.groupBy(sessions, slotOf).values()) {
    for (let i = 0; i < together.length; i += renewedAtOnce) lists.push(together.slice(i, i + renewedAtOnce));
  }
  return lists;
}
