/** The lists of all nodes: who there is, when each was seen, what changed. Each has a slot of its own in a cluster. */
import type { NodeChange, NodeView } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { Keys } from './keys.ts';
import { asEntries, asTextOrNil, asTexts } from './reply.ts';
import { nodesSeenScript, nodesStaleScript } from './scripts/nodes-seen.ts';

/** About how many changes are remembered; a reader further behind reads all nodes again. */
const changesKept = 10_000;
/** Cursor of a log in which nothing was ever announced. */
const beforeFirst = '0-0';
/** Stale nodes forgotten by one sweep. */
const staleAtOnce = 200;

export function createNodeLists(keys: Keys, commands: RedisConnection) {
  const isPresent = async (nodeId: string) =>
    (await commands.command('EXISTS', [keys.nodePresence(nodeId)])) === 1;

  const seen = (nodeIds: readonly string[]) => commands.run(nodesSeenScript, [keys.nodesLastSeen], nodeIds);

  const add = (nodeId: string) =>
    Promise.all([commands.command('SADD', [keys.nodesAll, nodeId]), seen([nodeId])]);

  /** Takes a removed node off the lists; one that another instance registered meanwhile goes back on. */
  const remove = async (nodeId: string) => {
    await Promise.all([
      commands.command('SREM', [keys.nodesAll, nodeId]),
      commands.command('ZREM', [keys.nodesLastSeen, nodeId]),
    ]);
    if (await isPresent(nodeId)) await add(nodeId);
  };

  /** Nodes that were not seen for this long and whose presence is over. */
  const stale = async (olderThanMs: number): Promise<string[]> => {
    const args = [olderThanMs, staleAtOnce];
    const ids = asTexts(await commands.run(nodesStaleScript, [keys.nodesLastSeen], args));
    const present = await Promise.all(ids.map(isPresent));
    return ids.filter((_, i) => !present[i]);
  };

  const announce = (nodeId: string) =>
    commands.command('XADD', [keys.nodesChanges, 'MAXLEN', '~', changesKept, '*', 'node', nodeId]);

  return { seen, add, remove, stale, announce };
}

/** Views read by one command, where the server holds all keys. */
const viewsAtOnce = 500;

/** Reading the lists. The log of changes only names nodes: what is true of one is looked up when it is read. */
export function createNodeReader(
  keys: Keys,
  commands: RedisConnection,
  { manyAtOnce }: { readonly manyAtOnce: boolean },
) {
  const decode = (reply: unknown): NodeView | undefined => {
    const json = asTextOrNil(reply);
    return json === undefined ? undefined : (JSON.parse(json) as NodeView);
  };

  /** In a cluster each view has a slot of its own; the commands then travel together. */
  const viewsOf = async (ids: readonly string[]): Promise<(NodeView | undefined)[]> => {
    const names = ids.map(keys.nodeView);
    if (!manyAtOnce)
      return Promise.all(names.map(async (name) => decode(await commands.command('GET', [name]))));
    const replies = await Promise.all(
      chunks(names, viewsAtOnce).map((part) => commands.command('MGET', part)),
    );
    return replies.flatMap((reply) => (reply as unknown[]).map(decode));
  };

  const viewsById = async (): Promise<[nodeId: string, view: NodeView | undefined][]> => {
    const ids = asTexts(await commands.command('SMEMBERS', [keys.nodesAll]));
    const views = await viewsOf(ids);
    return ids.map((nodeId, i) => [nodeId, views[i]]);
  };

  const find = async (ids: readonly string[]): Promise<NodeChange[]> => {
    const views = await viewsOf(ids);
    return ids.map((nodeId, i) => {
      const view = views[i];
      return view ? { op: 'put', view } : { op: 'gone', nodeId };
    });
  };

  return {
    viewsById,
    find,

    async all(): Promise<{ views: NodeView[]; cursor: string }> {
      // The cursor first: what changes while we read is then read again, never missed.
      const last = asEntries(await commands.command('XREVRANGE', [keys.nodesChanges, '+', '-', 'COUNT', 1]));
      const views = (await viewsById()).map(([, view]) => view);
      return { views: views.filter((view) => view !== undefined), cursor: last[0]?.id ?? beforeFirst };
    },

    async changes(
      cursor: string,
    ): Promise<{ kind: 'changes'; changes: NodeChange[]; cursor: string } | { kind: 'lost' }> {
      // Read from the cursor's own entry on: while that stands, nothing after it was trimmed.
      const [seen, ...newer] = asEntries(await commands.command('XRANGE', [keys.nodesChanges, cursor, '+']));
      if (!seen && cursor === beforeFirst) return { kind: 'changes', changes: [], cursor };
      if (seen?.id !== cursor) return { kind: 'lost' };
      const changes = await find([...new Set(newer.map(({ fields }) => fields.get('node') ?? ''))]);
      return { kind: 'changes', changes, cursor: newer.at(-1)?.id ?? cursor };
    },
  };
}

function chunks<Item>(list: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size));
}
