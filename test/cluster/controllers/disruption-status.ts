/** How many pods of a PodDisruptionBudget may be evicted now. Pure. */
import type { Pod, PodDisruptionBudget } from '../../../operator/kube/resources.ts';
import { isReady, isTerminating } from './pods.ts';

type BudgetStatus = NonNullable<PodDisruptionBudget['status']>;

/** After so long an eviction that was allowed but never happened does not count any more. */
const disruptedForMs = 120_000;

/**
 * @param pods     what the budget selects
 * @param expected how many pods the workloads behind them want in all
 */
export function budgetStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  expected: number,
  now: Date,
): BudgetStatus {
  const disruptedPods = stillDisrupted(budget, pods, now);
  const healthy = pods.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && disruptedPods[pod.metadata.name] === undefined,
  ).length;
  const { expectedPods, desiredHealthy } = desired(budget, pods.length, expected);
  const allowed = expectedPods > 0 ? Math.max(0, healthy - desiredHealthy) : 0;
  return {
    observedGeneration: budget.metadata.generation ?? 0,
    currentHealthy: healthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: allowed,
    disruptedPods,
    conditions: [condition(budget, allowed > 0, now)],
  };
}

function desired(budget: PodDisruptionBudget, selected: number, wanted: number) {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const unavailable = portion(maxUnavailable, wanted);
    return { expectedPods: wanted, desiredHealthy: Math.max(0, wanted - unavailable) };
  }
  // A plain number needs no workload behind the pods; a percentage is of what the workload wants.
  if (typeof minAvailable === 'number') return { expectedPods: selected, desiredHealthy: minAvailable };
  return { expectedPods: wanted, desiredHealthy: portion(minAvailable ?? 1, wanted) };
}

/** A share rounds up. */
function portion(value: number | string, of: number): number {
  if (typeof value === 'number') return value;
  return Math.ceil((Number.parseInt(value, 10) / 100) * of);
}

/** Evictions the API server has let through and whose pods are not on their way yet. */
function stillDisrupted(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  now: Date,
): Record<string, string> {
  const waiting = new Set(pods.filter((pod) => !isTerminating(pod)).map((pod) => pod.metadata.name));
  const entries = Object.entries(budget.status?.disruptedPods ?? {}).filter(
    ([name, since]) => waiting.has(name) && now.getTime() - Date.parse(since) < disruptedForMs,
  );
  return Object.fromEntries(entries);
}

function condition(budget: PodDisruptionBudget, allowed: boolean, now: Date) {
  const status = allowed ? 'True' : 'False';
  const before = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  return {
    type: 'DisruptionAllowed',
    status,
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation ?? 0,
    lastTransitionTime:
      before?.status === status ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`,
  };
}
