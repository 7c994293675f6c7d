/**
 * One look at one cluster: gather, decide, act, report. Level-triggered: it is told a key and nothing of what happened, and
 * any two looks in a row over an unchanged world write nothing in the second.
 */
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { Blocked } from '../decide/conditions/facts.ts';
import { isTrue, statusOf } from '../decide/status.ts';
import { askAgainMs } from '../kube/optional-kind.ts';
import { announceCreated } from './announce.ts';
import { besideIsOver, type Pass } from './pass.ts';
import { Abandoned, blockageOf, Outdated } from './blockage.ts';
import type { Deps } from './deps.ts';
import { clusterOf, gather } from './gather.ts';
import { report, type LastReports } from './report.ts';
import { steps } from './steps.ts';

export type Outcome =
  /** As it should be: wait for a change. */
  | { readonly kind: 'settled' }
  /** As it should be but for a kind that the cluster does not know; nobody tells when it comes. */
  | { readonly kind: 'missing' }
  /** On its way: changes are told, the time is only for what nobody tells. */
  | { readonly kind: 'moving' }
  /** Something was decided that is acted on in the next look, because the status had to tell it first. */
  | { readonly kind: 'again' }
  /** There is progress that the status tells a little later. */
  | { readonly kind: 'untold'; readonly inMs: number }
  /** Decided on a state that is history: the caches are late. */
  | { readonly kind: 'outdated' }
  /** A person must act. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'gone' };

export function createReconciler(deps: Deps): (key: string) => Promise<Outcome> {
  const lastReports: LastReports = new Map();
  return async (key) => {
    const cluster = clusterOf(key, deps);
    if (!cluster || cluster.metadata.deletionTimestamp) {
      if (!cluster) lastReports.delete(key);
      letGo(key, cluster, deps);
      return { kind: 'gone' };
    }
    try {
      return await look(cluster, lastReports, { ...deps, log: deps.log.child({ cluster: key }) });
    } catch (error) {
      if (error instanceof Abandoned) return { kind: 'gone' };
      if (error instanceof Outdated) {
        deps.log.info({ cluster: key, detail: error.message }, 'decided on an older state');
        return { kind: 'outdated' };
      }
      throw error;
    }
  };
}

/** When to look again although nothing is known to have changed, in milliseconds. */
export function nextLookMs(outcome: Outcome): number | undefined {
  switch (outcome.kind) {
    case 'moving':
      return 15_000;
    case 'again':
      return 0;
    case 'untold':
      return outcome.inMs;
    case 'outdated':
      return 1_000;
    case 'blocked':
      return 30_000;
    case 'missing':
      return askAgainMs;
    case 'settled':
    case 'gone':
      return undefined;
  }
}

async function look(cluster: SchedulerCluster, lastReports: LastReports, deps: Deps): Promise<Outcome> {
  const seen = gather(cluster, deps);
  const pass: Pass = { cluster, deps, seen, adminToken: '', created: [], beside: [], isConfirmed: false };
  const blocked = await act(pass).finally(async () => {
    await besideIsOver(pass);
    announceCreated(pass);
  });
  const status = statusOf({ cluster, seen: pass.seen, nowMs: deps.clock.now(), blocked });
  const untoldInMs = await report(cluster, status, lastReports, deps);
  const after: SchedulerCluster = { ...cluster, status };
  deps.metrics.observe(after);
  if (untoldInMs !== undefined) return { kind: 'untold', inMs: untoldInMs };
  if (blocked) return { kind: 'blocked' };
  if (status.rollout?.verdict !== cluster.status?.rollout?.verdict) return { kind: 'again' };
  const isSettled = isTrue(after, 'Ready') && isTrue(after, 'Drained') && !isTrue(after, 'Degraded');
  if (!isSettled) return { kind: 'moving' };
  return { kind: pass.seen.missing.length === 0 ? 'settled' : 'missing' };
}

/** Runs the steps; returns what stands in the way of one, after which no other is taken. */
async function act(pass: Pass): Promise<Blocked | undefined> {
  for (const [name, step] of steps) {
    try {
      await step(pass);
    } catch (error) {
      if (error instanceof Abandoned || error instanceof Outdated) throw error;
      const blocked = blockageOf(error);
      pass.deps.log.warn({ step: name, reason: blocked.reason, detail: blocked.message }, 'step blocked');
      return blocked;
    }
  }
  return undefined;
}

/** The owner references do the rest: the garbage collector removes what the cluster owned. */
function letGo(key: string, cluster: SchedulerCluster | undefined, deps: Deps): void {
  const { instances, adminTokens, metrics } = deps;
  instances.forget(key);
  adminTokens.forget(key);
  if (!cluster) metrics.forget(key);
}
