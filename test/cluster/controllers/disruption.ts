/** Keeps the status of PodDisruptionBudgets, by which the API server allows or refuses evictions. */
import { keyOf } from '../../../operator/kube/object-cache.ts';
import { podDisruptionBudgets, pods, statefulSets, type Pod } from '../../../operator/kube/resources.ts';
import { startQueue, writeStatus, type Controller, type ControllerContext } from './controller.ts';
import { replicaSets } from './deployment/replica-sets.ts';
import { budgetStatus } from './disruption-status.ts';
import { controllerOf } from './owners.ts';
import { selects } from './selector.ts';

export function startDisruption(context: ControllerContext): Controller {
  const { kube, clock, informers } = context;
  const budgets = informers.of(podDisruptionBudgets);
  const allPods = informers.of(pods);
  const sets = informers.of(statefulSets);
  const replicas = informers.of(replicaSets);

  const queue = startQueue(context, 'disruption', async (name) => {
    const budget = budgets.get(name);
    if (!budget || budget.metadata.deletionTimestamp !== undefined) return {};
    const members = allPods
      .inNamespace(name.namespace)
      .filter((pod) => selects(budget.spec?.selector, pod.metadata.labels));
    const now = new Date(clock.now());
    await writeStatus(
      kube,
      podDisruptionBudgets,
      budget,
      budgetStatus(budget, members, wantedPods(members), now),
    );
    return {};
  });

  /** What the workloads behind the pods want in all; pods without a workload want nothing. */
  function wantedPods(members: readonly Pod[]): number {
    const owners = new Map(
      members.flatMap((pod) => {
        const owner = controllerOf(pod);
        return owner ? [[owner.uid, { ...owner, namespace: pod.metadata.namespace ?? '' }] as const] : [];
      }),
    );
    let wanted = 0;
    for (const owner of owners.values()) {
      const found =
        owner.kind === 'StatefulSet'
          ? sets.get(owner)
          : owner.kind === 'ReplicaSet'
            ? replicas.get(owner)
            : undefined;
      wanted += found ? (found.spec?.replicas ?? 1) : 0;
    }
    return wanted;
  }

  budgets.onChange((_before, after) => {
    if (after) queue.add(keyOf(after.metadata));
  });
  allPods.onChange((before, after) => {
    const namespace = (after ?? before)!.metadata.namespace;
    for (const budget of budgets.inNamespace(namespace)) {
      const concerns = [before, after].some(
        (pod) => pod && selects(budget.spec?.selector, pod.metadata.labels),
      );
      if (concerns) queue.add(keyOf(budget.metadata));
    }
  });
  for (const informer of [sets, replicas] as const) {
    informer.onChange((before, after) => {
      // Of a workload only this counts, and it changes far more seldom than its status.
      if (!after || before?.spec?.replicas === after.spec?.replicas) return;
      const labels = after.spec?.template?.metadata?.labels;
      for (const budget of budgets.inNamespace(after.metadata.namespace))
        if (selects(budget.spec?.selector, labels)) queue.add(keyOf(budget.metadata));
    });
  }
  return { stop: () => queue.stop() };
}
