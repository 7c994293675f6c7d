/** Tells instances to drain before they lose their pod, and takes the pod of one that drained although it should stay. */
import { count } from '../../common/count.ts';
import type { InstanceReport } from '../../common/admin-api.ts';
import { keyOf } from '../api/names.ts';
import { planOf, toDrain, toReplace, type Plan } from '../decide/plan.ts';
import { hasNothingToLose, type Leaver, type View } from '../decide/leaving.ts';
import { pods, type StatefulSet } from '../kube/resources.ts';
import { confirmFleet, confirmPods } from './confirm.ts';
import { viewOf, type Pass } from './pass.ts';
import { tell } from './announce.ts';

/** Asking again is harmless, so nothing is remembered: who does not answer is asked in the next pass. There is no way back. */
export async function drainLeavers(pass: Pass): Promise<void> {
  const { cluster, deps, seen } = pass;
  const { timeoutSeconds } = cluster.spec.drain;
  const choose = (view: View) => toDrain(planOf(view), view);
  const leavers = choose(viewOf(pass));
  if (leavers.length === 0) return;
  await Promise.all([confirmFleet(pass), confirmPods(pass, (view) => uidsOf(choose(view)))]);
  await Promise.all(
    leavers.map(async ({ pod, why }) => {
      const uid = pod.metadata.uid ?? '';
      const answer = await deps.instances.drain(keyOf(cluster), uid, timeoutSeconds);
      const left = answer?.kind === 'report' ? leftIn(answer.report) : '';
      if (left) tell(pass, 'Draining', `${pod.metadata.name} drains: ${reasons[why]}; ${left} to move.`);
    }),
  );
  pass.seen = { ...seen, instances: deps.instances.answers(keyOf(cluster)) };
}

const uidsOf = (leavers: readonly Leaver[]) => leavers.map(({ pod }) => pod.metadata.uid);

/** What an instance has to see to before it goes; empty when that is nothing, which is no news. */
function leftIn({ connections: { sessions, nodes }, jobs }: InstanceReport): string {
  const counts: [number, string][] = [
    [sessions, 'session'],
    [nodes, 'node'],
    [jobs.waiting + jobs.running, 'job'],
  ];
  return counts
    .filter(([number]) => number > 0)
    .map(([number, what]) => count(number, what))
    .join(', ');
}

const reasons = {
  ScaleDown: 'fewer instances are asked for',
  Rollout: 'it is about to be updated',
  Rollback: 'its update is taken back',
  Replace: 'it is about to be replaced',
} as const;

const replaced = {
  Rollback: 'goes back to the former revision',
  Replace: 'had drained and should stay; it starts anew',
} as const;

/** The StatefulSet makes it anew under the same name. */
export async function replaceDrained(pass: Pass): Promise<void> {
  const choose = (view: View) => toReplace(planOf(view));
  const leavers = choose(viewOf(pass));
  if (leavers.length === 0) return;
  await Promise.all([confirmFleet(pass), confirmPods(pass, (view) => uidsOf(choose(view)))]);
  for (const { pod, why } of leavers) {
    await pass.deps.kube.delete(pods, pod);
    pass.deps.ownWrites.deleted(pods, pod);
    pass.deps.metrics.wrote(pods.kind, 'delete');
    tell(pass, 'Replaced', `${pod.metadata.name} ${replaced[why === 'Rollback' ? why : 'Replace']}.`);
  }
}

interface Change {
  readonly before: StatefulSet | undefined;
  readonly after: StatefulSet | undefined;
}

/** Says which instances lost their pod although they had not finished. */
export function announceTimedOut(pass: Pass, { leavers }: Plan, { before, after }: Change): void {
  const [was = 0, is = 0] = [before?.spec?.replicas, after?.spec?.replicas];
  for (const { ordinal, pod, isDrained } of leavers) {
    if (ordinal < is || ordinal >= was || isDrained || hasNothingToLose(pass.seen, pod)) continue;
    const note = `${pod.metadata.name} did not finish draining in time; its jobs are handed to other instances.`;
    tell(pass, 'DrainTimedOut', note);
  }
}
