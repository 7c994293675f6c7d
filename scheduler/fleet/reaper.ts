/**
 * Cleans up after instances that died and did not come back: what waits in their inbox is answered, their nodes are taken
 * off the lists, their open jobs are given to other nodes, and their keys are removed. One living instance does so for
 * each dead one, under the dead one's lease.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import type { HintOf } from '../store/hints.ts';
import type { InboxStore, InstanceStore, LeaseToken, NodeStore } from '../store/store.ts';
import type { Post } from './post.ts';

export interface ReaperDeps {
  readonly instances: InstanceStore;
  readonly inbox: InboxStore;
  readonly nodes: NodeStore;
  readonly post: Post;
  /** Undefined while we hold no lease ourselves: then we reap nobody. */
  readonly token: () => LeaseToken | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly intervalMs: number;
  /** An instance that is restarted comes back within this time, and needs no reaper. */
  readonly graceMs: number;
  /** How long a reaping may take before another may begin it. */
  readonly reapingMs: number;
  /** Its nodes and jobs are nobody's from here on. */
  readonly onDead: (instanceId: string) => void;
}

/** Letters of an instance that is gone are kept for whoever wants to know why. */
const deadLettersKeptMs = 7 * 86_400_000;

const salvagedAtOnce = 100;

/** How long an owner is tried to be told that its assignment came to nothing; its own timers find out later. */
const tellForMs = 1000;

/** Ends when the signal aborts. */
export async function reapDead(deps: ReaperDeps, signal: AbortSignal): Promise<void> {
  const { clock, random, log, intervalMs, graceMs } = deps;
  const deadSince = new Map<string, number>();
  while (!signal.aborted) {
    await clock.sleep(intervalMs * (0.5 + random.next()), signal);
    try {
      const dead = new Set(deps.token() ? await deps.instances.dead() : []);
      for (const id of [...deadSince.keys()]) if (!dead.has(id)) deadSince.delete(id);
      for (const id of dead) {
        const sinceMs = deadSince.get(id) ?? clock.monotonic();
        deadSince.set(id, sinceMs);
        if (clock.monotonic() - sinceMs >= graceMs) await reap(id, deps);
      }
    } catch (error) {
      log.warn({ err: error }, 'dead instances could not be cleaned up; trying again');
    }
  }
}

async function reap(dead: string, deps: ReaperDeps): Promise<void> {
  const { instances, nodes, log, metrics, reapingMs, onDead } = deps;
  const token = deps.token();
  if (!token || !(await instances.beginReaping(dead, token, reapingMs))) return;
  log.warn({ dead }, 'instance is dead: cleaning up after it');
  const entries = await drainInbox(dead, token, deps);
  const lostNodes = await nodes.removeOf(dead);
  onDead(dead);
  if (!(await instances.retire(dead, token, deadLettersKeptMs))) {
    log.info({ dead }, 'instance could not be retired; looking again soon');
    return;
  }
  metrics.reaped.inc();
  log.info({ dead, entries, lostNodes }, 'instance is retired');
}

/** What is left of its inbox. Assignments are answered, everything else stands in the records anyway. */
async function drainInbox(dead: string, token: LeaseToken, deps: ReaperDeps): Promise<number> {
  const { instances, inbox, reapingMs } = deps;
  for (let count = 0; ;) {
    const entries = await inbox.salvage(dead, token.instanceId, salvagedAtOnce);
    if (entries.length === 0) return count;
    const hints = entries.flatMap((entry) => entry.hints);
    await Promise.all(hints.filter((hint) => hint.type === 'assign').map((hint) => refuse(hint, dead, deps)));
    const ids = entries.map(({ id }) => id);
    await inbox.acknowledge(dead, ids);
    count += ids.length;
    if (!(await instances.beginReaping(dead, token, reapingMs))) return count;
  }
}

/** In the name of the dead one: of a node that is connected elsewhere by now it says nothing. */
async function refuse(hint: HintOf<'assign'>, dead: string, { post }: ReaperDeps): Promise<void> {
  const { job_id, session_id, attempt, node_id } = hint;
  const about = { job_id, session_id, attempt, node_id };
  const refusal = { type: 'refused', ...about, reason: 'gone', from: dead } as const;
  await post.sendPatiently(hint.from, refusal, tellForMs);
}
