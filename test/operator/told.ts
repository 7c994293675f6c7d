/** What the operator says of a cluster, held to what the page of reasons says of it. */
import { remedies, type Condition } from '../../operator/api/conditions.ts';
import { eventKinds, turnsTold } from '../../operator/api/events.ts';
import type { SchedulerCluster } from '../../operator/api/schedulercluster.gen.ts';
import { conditionMeanings } from '../../docs/generate/reason-meanings.ts';
import type { Occurrence } from '../../operator/kube/events.ts';

/** Events and conditions that the page does not know, or knows as something else. */
export function untold(events: readonly Occurrence[], clusters: readonly SchedulerCluster[]): string[] {
  const conditions = clusters.flatMap(({ status }) => status?.conditions ?? []);
  return [
    ...events.filter((event) => !isEventTold(event)).map(({ type, reason }) => `event ${type} ${reason}`),
    ...conditions
      .filter((one) => !isConditionTold(one))
      .map(({ type, status, reason }) => `${type}=${status} ${reason}`),
  ];
}

function isEventTold({ type, reason }: Occurrence): boolean {
  if (isKey(eventKinds, reason) && eventKinds[reason].type === type) return true;
  return turnsTold.some(
    ([condition, status, toldAs]) => toldAs === type && isConditionTold({ type: condition, status, reason }),
  );
}

/** `Ready` repeats any of the others. */
function isConditionTold({ type, status, reason }: Pick<Condition, 'type' | 'status' | 'reason'>): boolean {
  if (!isKey(remedies, reason)) return false;
  const { on } = conditionMeanings[reason];
  return (type === 'Ready' && status !== 'True') || on.some((side) => side === `${type}=${status}`);
}

const isKey = <T extends object>(object: T, key: string): key is Extract<keyof T, string> =>
  Object.hasOwn(object, key);
