/** Instances in Redis: the lease that makes an id unique, and the presence that people read. */
import type { InstanceStore, LeaseToken, PresenceRecord } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { asList, asNumber, asText, asTextOrNil, asTexts } from './reply.ts';
import { deleteIfEqualScript } from './scripts/delete-if-equal.ts';
import { instanceRetireScript } from './scripts/instance-retire.ts';
import { leaseClaimScript } from './scripts/lease-claim.ts';
import { leaseRenewScript } from './scripts/lease-renew.ts';
import { putScript } from './scripts/put.ts';
import { setAddScript } from './scripts/set-add.ts';

export function createRedisInstances(keys: Keys, commands: RedisConnection): InstanceStore {
  return {
    async claim({ instanceId, boot, podUid }, ttlMs) {
      const scriptKeys = [keys.lease, keys.epoch, keys.inbox, keys.deadLetters].map((key) => key(instanceId));
      const reply = await commands.run(leaseClaimScript, scriptKeys, [instanceId, boot, podUid, ttlMs]);
      const [kind, value, expiresInMs] = asList(reply);
      if (kind === 'held') {
        return { kind, holder: parseToken(asText(value)), expiresInMs: Math.max(0, asNumber(expiresInMs)) };
      }
      await commands.run(setAddScript, [keys.instances], [instanceId]);
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
        commands.run(setAddScript, [keys.instances], [id]),
      ]);
    },

    async retireDead(keepMs) {
      const ids = asTexts(await commands.command('SMEMBERS', [keys.instances]));
      const fates = await Promise.all(
        ids.map((instanceId) => {
          const scriptKeys = [keys.lease, keys.inbox, keys.deadLetters].map((key) => key(instanceId));
          return commands.run(instanceRetireScript, scriptKeys, [keepMs]);
        }),
      );
      const ended = ids.filter((_, i) => fates[i] === 'ended');
      if (ended.length > 0) await commands.command('SREM', [keys.instances, ...ended]);
      return ended;
    },

    async live() {
      const ids = asTexts(await commands.command('SMEMBERS', [keys.instances]));
      const found = await Promise.all(
        ids.map(async (instanceId) => {
          const [lease, presence] = await Promise.all([
            commands.command('EXISTS', [keys.lease(instanceId)]),
            commands.command('GET', [keys.presence(instanceId)]),
          ]);
          return { instanceId, held: lease === 1, presence: parsePresence(asTextOrNil(presence)) };
        }),
      );
      return found.filter(({ held }) => held).map(({ instanceId, presence }) => ({ instanceId, presence }));
    },
  };
}

const formatToken = ({ instanceId, epoch, boot, podUid }: LeaseToken): string =>
  [instanceId, epoch, boot, podUid].join('|');

function parseToken(text: string): LeaseToken {
  const [instanceId = '', epoch = '0', boot = '', podUid = ''] = text.split('|');
  return { instanceId, epoch: Number(epoch), boot, podUid };
}

function parsePresence(json: string | undefined): PresenceRecord | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as PresenceRecord);
}
