/** What every condition is decided from. */
import { count } from '../../../common/count.ts';
import type { Condition, ConditionType, Reason } from '../../api/conditions.ts';
import type { Pod } from '../../kube/resources.ts';
import { byOrdinal } from '../pods.ts';
import type { View } from '../leaving.ts';
import type { Plan } from '../plan.ts';

export interface Facts extends View {
  readonly plan: Plan;
  /** Why this pass could not write everything it wished. */
  readonly blocked: Blocked | undefined;
}

export interface Blocked {
  readonly reason: Extract<Reason, 'ForeignObject' | 'ObjectRefused' | 'Forbidden'>;
  readonly message: string;
}

export function previous({ cluster }: Facts, type: ConditionType): Condition | undefined {
  return cluster.status?.conditions?.find((condition) => condition.type === type);
}

/** The pods that should be there; those with higher ordinals are leaving. */
export const wantedPods = ({ cluster, seen }: Facts): Pod[] =>
  byOrdinal(cluster, seen.pods)
    .filter(({ ordinal }) => ordinal < cluster.spec.replicas)
    .map(({ pod }) => pod);

/** Pods that are there although they should not be. */
export const leavingPods = ({ cluster, seen }: Facts): Pod[] =>
  byOrdinal(cluster, seen.pods)
    .filter(({ ordinal }) => ordinal >= cluster.spec.replicas)
    .map(({ pod }) => pod);

/** `3 instances`, `1 instance`. */
export const instances = (number: number): string => count(number, 'instance');
