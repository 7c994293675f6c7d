/** Nodes in memory. */
import type { Clock } from '../../../common/clock.ts';
import { checkedId } from '../ids.ts';
import type { NodeChange, NodeStore, NodeView } from '../store.ts';
import { ExpiringMap } from './expiring-map.ts';

const changesKept = 10_000;

interface Owner {
  readonly instanceId: string;
  readonly connection: string;
}

export function createMemoryNodes(clock: Clock): NodeStore {
  const owners = new ExpiringMap<Owner>(clock);
  const views = new ExpiringMap<NodeView>(clock);
  const lastSeen = new Map<string, number>();
  const log = createChangeLog();

  const forget = (nodeId: string) => {
    views.delete(nodeId);
    lastSeen.delete(nodeId);
    log.announce(nodeId);
  };
  const forgetOwned = (nodeId: string) => {
    owners.delete(nodeId);
    forget(nodeId);
  };

  return {
    async claim({ nodeId, instanceId, connection, ttlMs }) {
      const previous = owners.get(checkedId(nodeId, 'node'));
      owners.set(nodeId, { instanceId, connection }, ttlMs);
      return Promise.resolve({ previous: previous?.connection === connection ? undefined : previous });
    },

    async renew(nodes, instanceId, { ownerMs, presenceMs }) {
      const taken = nodes.filter(({ nodeId, connection }) => {
        const owner = owners.get(nodeId);
        if (owner && !isSame(owner, { instanceId, connection })) return true;
        owners.set(nodeId, { instanceId, connection }, ownerMs);
        views.extend(nodeId, presenceMs);
        lastSeen.set(nodeId, clock.monotonic());
        return false;
      });
      return Promise.resolve(taken.map(({ nodeId }) => nodeId));
    },

    async save({ view, presenceMs, announce }) {
      const owner = owners.get(checkedId(view.nodeId, 'node'));
      if (owner && owner.instanceId !== view.instanceId) return Promise.resolve();
      views.set(view.nodeId, view, presenceMs);
      lastSeen.set(view.nodeId, clock.monotonic());
      if (announce) log.announce(view.nodeId);
      return Promise.resolve();
    },

    async remove({ nodeId, instanceId, connection }) {
      const owner = owners.get(nodeId);
      if (!owner || isSame(owner, { instanceId, connection })) forgetOwned(nodeId);
      return Promise.resolve();
    },

    async removeOf(deadInstanceId) {
      const held = views.live().filter(([id, view]) => isHeldBy(deadInstanceId, view, owners.get(id)));
      for (const [nodeId] of held) forgetOwned(nodeId);
      return Promise.resolve(held.length);
    },

    ...readerOf(views, log),

    async sweepStale(olderThanMs) {
      const before = clock.monotonic() - olderThanMs;
      const stale = [...lastSeen].filter(([nodeId, at]) => at <= before && !views.get(nodeId));
      for (const [nodeId] of stale) forget(nodeId);
      return Promise.resolve(stale.length);
    },
  };
}

function readerOf(
  views: ExpiringMap<NodeView>,
  log: ReturnType<typeof createChangeLog>,
): Pick<NodeStore, 'all' | 'changes' | 'find'> {
  return {
    async all() {
      return Promise.resolve({ views: views.live().map(([, view]) => view), cursor: log.end() });
    },

    async changes(cursor) {
      const ids = log.after(cursor);
      if (!ids) return Promise.resolve({ kind: 'lost' });
      const changes = [...new Set(ids)].map((nodeId) => changeOf(nodeId, views.get(nodeId)));
      return Promise.resolve({ kind: 'changes', changes, cursor: log.end() });
    },

    async find(nodeIds) {
      return Promise.resolve(nodeIds.map((nodeId) => changeOf(nodeId, views.get(nodeId))));
    },
  };
}

const isHeldBy = (instanceId: string, view: NodeView, owner: Owner | undefined): boolean =>
  view.instanceId === instanceId && (owner?.instanceId ?? instanceId) === instanceId;

/** Names of changed nodes; a cursor is how many were ever announced when it was taken. */
function createChangeLog() {
  const names: string[] = [];
  let dropped = 0;
  return {
    announce(nodeId: string) {
      names.push(nodeId);
      if (names.length > changesKept) dropped += names.splice(0, names.length - changesKept).length;
    },
    end: () => String(dropped + names.length),
    /** Undefined when the log does not reach back that far, or never came that far. */
    after(cursor: string): string[] | undefined {
      const skip = Number(cursor) - dropped;
      return skip >= 0 && skip <= names.length ? names.slice(skip) : undefined;
    },
  };
}

function changeOf(nodeId: string, view: NodeView | undefined): NodeChange {
  return view ? { op: 'put', view } : { op: 'gone', nodeId };
}

const isSame = (a: Owner, b: Owner): boolean =>
  a.instanceId === b.instanceId && a.connection === b.connection;
