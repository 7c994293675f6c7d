/** Instances in memory: leases, presences and figures. */
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import type { InstanceStore, LeaseToken, PresenceRecord } from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';

export interface MemoryInstances extends InstanceStore {
  /** For the inbox: somebody will read what is sent to it. */
  readonly hasOwner: (instanceId: string) => boolean;
  readonly isReapedBy: (instanceId: string, reaper: string) => boolean;
}

/** What the instances need of the inboxes, which are made after them. */
export interface Leftovers {
  readonly hasEntries: (instanceId: string) => boolean;
  readonly endDeadLetters: (instanceId: string, afterMs: number) => void;
  readonly keepDeadLetters: (instanceId: string) => void;
}

export function createMemoryInstances(clock: Clock, leftovers: Leftovers): MemoryInstances {
  /** By instance; the token of its reaper stands in the place of a dead one's. */
  const leases = new ExpiringMap<LeaseToken>(clock);
  const epochs = new Map<string, number>();
  const known = new Set<string>();
  const presences = new ExpiringMap<PresenceRecord>(clock);
  const figures = new ExpiringMap<string>(clock);

  const isHeldBy = (instanceId: string, token: LeaseToken) => {
    const holder = leases.get(instanceId);
    return holder !== undefined && isSame(holder, token);
  };
  const isReapedBy = (instanceId: string, reaper: string) =>
    instanceId !== reaper && leases.get(instanceId)?.instanceId === reaper;
  const lives = (instanceId: string) => leases.get(instanceId)?.instanceId === instanceId;

  return {
    hasOwner: lives,
    isReapedBy,

    async claim(identity, ttlMs) {
      const { instanceId, boot, podUid } = identity;
      const holder = leases.get(checkedId(instanceId, 'instance'));
      if (holder && holder.boot !== boot && (podUid === '' || holder.podUid !== podUid)) {
        return Promise.resolve({ kind: 'held', holder, expiresInMs: leases.remainingMs(instanceId) });
      }
      const token = { instanceId, epoch: (epochs.get(instanceId) ?? 0) + 1, boot, podUid };
      epochs.set(instanceId, token.epoch);
      known.add(instanceId);
      leases.set(instanceId, token, ttlMs);
      leftovers.keepDeadLetters(instanceId);
      return Promise.resolve({ kind: 'claimed', token });
    },

    async renew(token, ttlMs) {
      const { instanceId } = token;
      return Promise.resolve(isHeldBy(instanceId, token) && leases.extend(instanceId, ttlMs));
    },

    async release(token) {
      if (isHeldBy(token.instanceId, token)) leases.delete(token.instanceId);
      if (leases.get(token.instanceId) === undefined) presences.delete(token.instanceId);
      return Promise.resolve();
    },

    async announce(presence, ttlMs) {
      presences.set(presence.instance_id, presence, ttlMs);
      return Promise.resolve();
    },

    async publish(instanceId, text, ttlMs) {
      figures.set(checkedId(instanceId, 'instance'), text, ttlMs);
      return Promise.resolve();
    },

    async live() {
      const live = [...known].filter(lives).map((instanceId) => ({
        instanceId,
        presence: presences.get(instanceId),
        figures: figures.get(instanceId),
      }));
      return Promise.resolve(live);
    },

    async dead() {
      return Promise.resolve([...known].filter((instanceId) => !leases.get(instanceId)));
    },

    async beginReaping(deadInstanceId, reaper, ttlMs) {
      const holder = leases.get(checkedId(deadInstanceId, 'instance'));
      if (deadInstanceId === reaper.instanceId || (holder && !isSame(holder, reaper))) {
        return Promise.resolve(false);
      }
      leases.set(deadInstanceId, reaper, ttlMs);
      return Promise.resolve(true);
    },

    async retire(deadInstanceId, reaper, deadLettersMs) {
      const ended = isHeldBy(deadInstanceId, reaper) && !leftovers.hasEntries(deadInstanceId);
      if (!ended || deadInstanceId === reaper.instanceId) return Promise.resolve(false);
      known.delete(deadInstanceId);
      for (const map of [leases, presences, figures]) map.delete(deadInstanceId);
      leftovers.endDeadLetters(deadInstanceId, deadLettersMs);
      return Promise.resolve(true);
    },
  };
}

const isSame = (a: LeaseToken, b: LeaseToken): boolean =>
  a.instanceId === b.instanceId && a.epoch === b.epoch && a.boot === b.boot;
