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

interface Table {
  /** By instance; the token of its reaper stands in the place of a dead one's. */
  readonly leases: ExpiringMap<LeaseToken>;
  readonly epochs: Map<string, number>;
  readonly known: Set<string>;
  readonly presences: ExpiringMap<PresenceRecord>;
  readonly figures: ExpiringMap<string>;
}

export function createMemoryInstances(clock: Clock, leftovers: Leftovers): MemoryInstances {
  const table: Table = {
    leases: new ExpiringMap(clock),
    epochs: new Map(),
    known: new Set(),
    presences: new ExpiringMap(clock),
    figures: new ExpiringMap(clock),
  };
  const { leases, epochs, known, presences } = table;

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

    ...presenceVerbs(table),
    ...reapingVerbs(table, leftovers),
  };
}

function presenceVerbs({
  leases,
  known,
  presences,
  figures,
}: Table): Pick<InstanceStore, 'announce' | 'publish' | 'live'> {
  return {
    async announce(presence, ttlMs) {
      presences.set(presence.instance_id, presence, ttlMs);
      return Promise.resolve();
    },

    async publish(instanceId, text, ttlMs) {
      figures.set(checkedId(instanceId, 'instance'), text, ttlMs);
      return Promise.resolve();
    },

    async live() {
      const live = [...known]
        .filter((id) => leases.get(id)?.instanceId === id)
        .map((instanceId) => ({
          instanceId,
          epoch: leases.get(instanceId)?.epoch ?? 0,
          presence: presences.get(instanceId),
          figures: figures.get(instanceId),
        }));
      return Promise.resolve(live);
    },
  };
}

function reapingVerbs(
  { leases, known, presences, figures }: Table,
  leftovers: Leftovers,
): Pick<InstanceStore, 'dead' | 'beginReaping' | 'retire'> {
  const reaps = (reaper: LeaseToken, instanceId: string) => {
    const holder = leases.get(instanceId);
    return holder !== undefined && isSame(holder, reaper) && instanceId !== reaper.instanceId;
  };
  return {
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
      const ended = reaps(reaper, deadInstanceId) && !leftovers.hasEntries(deadInstanceId);
      if (!ended) return Promise.resolve(false);
      known.delete(deadInstanceId);
      for (const map of [leases, presences, figures]) map.delete(deadInstanceId);
      leftovers.endDeadLetters(deadInstanceId, deadLettersMs);
      return Promise.resolve(true);
    },
  };
}

const isSame = (a: LeaseToken, b: LeaseToken): boolean =>
  a.instanceId === b.instanceId && a.epoch === b.epoch && a.boot === b.boot;
