/** What changed between two looks at an instance that a person would want to know. Pure. */
import type { NodeView } from '../store/store.ts';
import type { Notable } from './figures.ts';

/** What is looked at. */
export interface Watched {
  readonly leaseHeld: boolean;
  readonly draining: boolean;
  readonly redis: { readonly reachable: boolean; readonly error: string | null };
  /** Nodes that are connected to this instance. */
  readonly nodes: ReadonlyMap<string, NodeView['status']>;
  /** Sums since the process began. */
  readonly counted: Readonly<Record<CountedKind, number>>;
}

export type CountedKind = 'dead_letters' | 'swept' | 'refused' | 'timeout' | 'unavailable' | 'failed';

type News = Pick<Notable, 'level' | 'what' | 'count'>;

/** In the singular: how many there were stands beside it. */
const sentences: Readonly<Record<CountedKind, [level: News['level'], what: string]>> = {
  dead_letters: ['warn', 'inbox entry moved to the dead letters'],
  swept: ['warn', 'job of a lost instance taken up'],
  refused: ['warn', 'utterance refused: too much at once'],
  timeout: ['error', 'job timed out on every node it was given to'],
  unavailable: ['error', 'job found no node in time'],
  failed: ['warn', 'job failed on its node'],
};

export function newsOf(before: Watched, after: Watched): News[] {
  return [...stateNews(before, after), ...nodeNews(before, after), ...countedNews(before, after)];
}

const once = (level: News['level'], what: string): News => ({ level, what, count: 1 });

function stateNews(before: Watched, after: Watched): News[] {
  const news: News[] = [];
  if (before.leaseHeld && !after.leaseHeld) news.push(once('error', 'lease lost: all sockets closed'));
  if (!before.leaseHeld && after.leaseHeld) news.push(once('info', 'lease held'));
  if (before.redis.reachable && !after.redis.reachable)
    news.push(once('error', `Redis is away: ${after.redis.error ?? 'no answer'}`));
  if (!before.redis.reachable && after.redis.reachable) news.push(once('info', 'Redis is back'));
  if (!before.draining && after.draining) news.push(once('info', 'draining'));
  return news;
}

function nodeNews({ nodes: before }: Watched, { nodes: after }: Watched): News[] {
  const news: News[] = [];
  for (const [nodeId, status] of after) {
    const was = before.get(nodeId);
    if (was === status) continue;
    if (status === 'ready') news.push(once('info', `node ${nodeId} is ready`));
    if (status === 'degraded') news.push(once('warn', `node ${nodeId} is degraded`));
    if (status === 'offline' && was !== undefined) news.push(once('warn', `node ${nodeId} is not connected`));
  }
  for (const nodeId of before.keys()) if (!after.has(nodeId)) news.push(once('warn', `node ${nodeId} left`));
  return news;
}

function countedNews({ counted: before }: Watched, { counted: after }: Watched): News[] {
  return (Object.keys(sentences) as CountedKind[])
    .map((kind) => ({ kind, count: after[kind] - before[kind] }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => {
      const [level, what] = sentences[kind];
      return { level, what, count };
    });
}
