/** Instances in memory: leases and presences. */
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import type { InstanceStore, LeaseToken, PresenceRecord } from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';

export interface MemoryInstances extends InstanceStore {
  /** For the inbox: somebody will read what is sent to it. */
  readonly hasOwner: (instanceId: string) => boolean;
}

export function createMemoryInstances(clock: Clock): MemoryInstances {
  const leases = new ExpiringMap<LeaseToken>(clock);
  const epochs = new Map<string, number>();
  const presences = new ExpiringMap<PresenceRecord>(clock);

  const isHeldBy = (token: LeaseToken) => {
    const holder = leases.get(token.instanceId);
    return holder !== undefined && holder.epoch === token.epoch && holder.boot === token.boot;
  };

  return {
    hasOwner: (instanceId) => leases.get(instanceId) !== undefined,

    async claim(identity, ttlMs) {
      const { instanceId, boot, podUid } = identity;
      const holder = leases.get(checkedId(instanceId, 'instance'));
      if (holder && holder.boot !== boot && (podUid === '' || holder.podUid !== podUid)) {
        return Promise.resolve({ kind: 'held', holder, expiresInMs: leases.remainingMs(instanceId) });
      }
      const token = { instanceId, epoch: (epochs.get(instanceId) ?? 0) + 1, boot, podUid };
      epochs.set(instanceId, token.epoch);
      leases.set(instanceId, token, ttlMs);
      return Promise.resolve({ kind: 'claimed', token });
    },

    async renew(token, ttlMs) {
      return Promise.resolve(isHeldBy(token) && leases.extend(token.instanceId, ttlMs));
    },

    async release(token) {
      if (isHeldBy(token)) leases.delete(token.instanceId);
      if (leases.get(token.instanceId) === undefined) presences.delete(token.instanceId);
      return Promise.resolve();
    },

    async announce(presence, ttlMs) {
      presences.set(presence.instance_id, presence, ttlMs);
      return Promise.resolve();
    },

    /** Nothing to do: inboxes end with the process. */
    async retireDead() {
      return Promise.resolve([]);
    },

    async live() {
      const live = leases.live().map(([instanceId]) => ({ instanceId, presence: presences.get(instanceId) }));
      return Promise.resolve(live);
    },
  };
}
