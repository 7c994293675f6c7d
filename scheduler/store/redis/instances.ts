/** Instances in Redis: the lease that makes an id unique, and what people read of it. */
import type { InstanceStore, LeaseToken, PresenceRecord } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { formatToken, parseToken } from './lease-token.ts';
import { createReaping } from './reaping.ts';
import { asList, asNumber, asText, asTextOrNil, asTexts } from './reply.ts';
import { deleteIfEqualScript } from './scripts/delete-if-equal.ts';
import { leaseClaimScript } from './scripts/lease-claim.ts';
import { leaseRenewScript } from './scripts/lease-renew.ts';
import { putScript } from './scripts/put.ts';
import { setAddScript } from './scripts/set-add.ts';

export function createRedisInstances(keys: Keys, commands: RedisConnection): InstanceStore {
  const list = (instanceId: string) => commands.run(setAddScript, [keys.instances], [instanceId]);

  /** All that are listed, with whose token stands in their lease: their own, their reaper's, or none. */
  const everyInstance = async () => {
    const ids = asTexts(await commands.command('SMEMBERS', [keys.instances]));
    const leases = await Promise.all(ids.map((id) => commands.command('GET', [keys.lease(id)])));
    return ids.map((instanceId, i) => {
      const lease = asTextOrNil(leases[i]);
      return { instanceId, holder: lease === undefined ? undefined : parseToken(lease) };
    });
  };

  return {
    async claim({ instanceId, boot, podUid }, ttlMs) {
      const scriptKeys = [keys.lease, keys.epoch, keys.inbox, keys.deadLetters].map((key) => key(instanceId));
      const reply = await commands.run(leaseClaimScript, scriptKeys, [instanceId, boot, podUid, ttlMs]);
      const [kind, value, expiresInMs] = asList(reply);
      if (kind === 'held') {
        return { kind, holder: parseToken(asText(value)), expiresInMs: Math.max(0, asNumber(expiresInMs)) };
      }
      await list(instanceId);
      return { kind: 'claimed', token: { instanceId, epoch: asNumber(value), boot, podUid } };
    },

    async renew(token, ttlMs) {
      const reply = await commands.run(
        leaseRenewScript,
        [keys.lease(token.instanceId)],
        [formatToken(token), ttlMs],
      );
      return reply === 1;
    },

    async release(token) {
      const leaseKeys = [keys.lease(token.instanceId)];
      const released = await commands.run(deleteIfEqualScript, leaseKeys, [formatToken(token)]);
      // A lease that is gone altogether (a Redis that lost its data) leaves a presence that is still ours to take back.
      const isNobodys = released === 1 || (await commands.command('EXISTS', leaseKeys)) === 0;
      if (isNobodys) await commands.command('DEL', [keys.presence(token.instanceId)]);
    },

    async announce(presence, ttlMs) {
      const id = presence.instance_id;
      await Promise.all([
        commands.run(putScript, [keys.presence(id)], [JSON.stringify(presence), ttlMs]),
        // Again, for an instance that came back while another was taking it off the list.
        list(id),
      ]);
    },

    async publish(instanceId, figures, ttlMs) {
      await commands.run(putScript, [keys.figures(instanceId)], [figures, ttlMs]);
    },

    async live() {
      const instances = await everyInstance();
      return Promise.all(
        instances.flatMap(livesOf).map(async ({ instanceId, epoch }) => {
          const [presence, figures] = await Promise.all([
            commands.command('GET', [keys.presence(instanceId)]),
            commands.command('GET', [keys.figures(instanceId)]),
          ]);
          return {
            instanceId,
            epoch,
            presence: parsePresence(asTextOrNil(presence)),
            figures: asTextOrNil(figures),
          };
        }),
      );
    },

    async dead() {
      const instances = await everyInstance();
      return instances.filter(({ holder }) => !holder).map(({ instanceId }) => instanceId);
    },

    ...createReaping(keys, commands, list),
  };
}

interface Held {
  readonly instanceId: string;
  readonly holder: LeaseToken | undefined;
}

/** None when it has no lease, or a reaper has. */
const livesOf = ({ instanceId, holder }: Held): { instanceId: string; epoch: number }[] =>
  holder?.instanceId === instanceId ? [{ instanceId, epoch: holder.epoch }] : [];

function parsePresence(json: string | undefined): PresenceRecord | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as PresenceRecord);
}
