/**
 * Nodes in Redis. What is known of one node has one slot and one owner, the newest connection. Announcements of two
 * instances may arrive in any order, because a reader looks up what is true now.
 */
import type { NodeStore } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { createNodeLists, createNodeReader } from './node-lists.ts';
import { asTextOrNil } from './reply.ts';
import { nodeClaimScript } from './scripts/node-claim.ts';
import { nodeRemoveScript } from './scripts/node-remove.ts';
import { nodeRemoveOfScript } from './scripts/node-remove-of.ts';
import { nodeRenewScript } from './scripts/node-renew.ts';
import { nodeSaveScript } from './scripts/node-save.ts';

interface Parts {
  readonly keys: Keys;
  readonly commands: RedisConnection;
  /** Also keep the snapshot under the untagged name that the guide prints. */
  readonly alias: boolean;
}

export function createRedisNodes({ keys, commands, alias }: Parts): NodeStore {
  const lists = createNodeLists(keys, commands);
  const reader = createNodeReader(keys, commands, { manyAtOnce: alias });
  const keysOf = (nodeId: string) => [
    keys.nodeOwner(nodeId),
    keys.nodePresence(nodeId),
    keys.nodeSnapshot(nodeId),
    keys.nodeView(nodeId),
  ];
  const onAlias = async (command: string, nodeId: string, ...args: (string | number)[]) => {
    if (alias) await commands.command(command, [keys.nodeSnapshotAlias(nodeId), ...args]);
  };
  const forget = async (nodeId: string) => {
    await Promise.all([lists.remove(nodeId), onAlias('DEL', nodeId)]);
    await lists.announce(nodeId);
  };

  return {
    all: () => reader.all(),
    changes: (cursor) => reader.changes(cursor),
    find: (nodeIds) => reader.find(nodeIds),

    async claim({ nodeId, instanceId, connection, ttlMs }) {
      const value = ownerValue(instanceId, connection);
      const reply = await commands.run(nodeClaimScript, [keys.nodeOwner(nodeId)], [value, ttlMs]);
      const previous = asTextOrNil(reply);
      return { previous: previous === undefined || previous === value ? undefined : parseOwner(previous) };
    },

    async renew(nodes, instanceId, { ownerMs, presenceMs }) {
      const replies = await Promise.all(
        nodes.map(({ nodeId, connection }) => {
          const args = [ownerValue(instanceId, connection), ownerMs, presenceMs];
          return commands.run(nodeRenewScript, keysOf(nodeId), args);
        }),
      );
      const ids = nodes.map(({ nodeId }) => nodeId);
      const ours = ids.filter((_, i) => replies[i] === 1);
      if (ours.length > 0) await lists.seen(ours);
      await Promise.all(ours.map((nodeId) => onAlias('PEXPIRE', nodeId, presenceMs)));
      return ids.filter((_, i) => replies[i] !== 1);
    },

    async save({ view, snapshot, presenceMs, announce }) {
      const { nodeId, instanceId } = view;
      const args = [instanceId, snapshot, JSON.stringify(view), presenceMs];
      if ((await commands.run(nodeSaveScript, keysOf(nodeId), args)) !== 1) return;
      await Promise.all([lists.add(nodeId), onAlias('SET', nodeId, snapshot, 'PX', presenceMs)]);
      if (announce) await lists.announce(nodeId);
    },

    async remove({ nodeId, instanceId, connection }) {
      const args = [ownerValue(instanceId, connection)];
      if ((await commands.run(nodeRemoveScript, keysOf(nodeId), args)) === 1) await forget(nodeId);
    },

    async removeOf(deadInstanceId) {
      const known = await reader.viewsById();
      const removed = await Promise.all(
        known.map(async ([nodeId, view]) => {
          if (view && view.instanceId !== deadInstanceId) return false;
          const args = [`${deadInstanceId}|`, view ? '1' : ''];
          return (await commands.run(nodeRemoveOfScript, keysOf(nodeId), args)) === 1;
        }),
      );
      const ids = known.map(([nodeId]) => nodeId).filter((_, i) => removed[i]);
      await Promise.all(ids.map(forget));
      return ids.length;
    },

    async sweepStale(olderThanMs) {
      const stale = await lists.stale(olderThanMs);
      await Promise.all(stale.map(forget));
      return stale.length;
    },
  };
}

const ownerValue = (instanceId: string, connection: string): string => `${instanceId}|${connection}`;

function parseOwner(value: string): { instanceId: string; connection: string } {
  const bar = value.indexOf('|');
  return { instanceId: value.slice(0, bar), connection: value.slice(bar + 1) };
}
