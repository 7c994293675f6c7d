/** How serious the conditions of a cluster are. Pure. */
import { conditionTypes, type Condition, type ConditionType } from '../api/conditions.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';

/** `moving` is what passes by itself; `unknown` is what nobody has seen yet. */
export type Level = 'ok' | 'moving' | 'warn' | 'fail' | 'unknown';

export interface Judged {
  readonly type: ConditionType;
  readonly level: Level;
  readonly reason: string;
  readonly message: string;
}

/** When all is well, and how bad it is when not. */
const wanted: Readonly<Record<ConditionType, { status: Condition['status']; otherwise: Level }>> = {
  Ready: { status: 'True', otherwise: 'fail' },
  Available: { status: 'True', otherwise: 'fail' },
  Progressing: { status: 'False', otherwise: 'moving' },
  Degraded: { status: 'False', otherwise: 'fail' },
  ConfigValid: { status: 'True', otherwise: 'fail' },
  RedisReachable: { status: 'True', otherwise: 'fail' },
  InstancesUnique: { status: 'True', otherwise: 'fail' },
  RoutingVerified: { status: 'True', otherwise: 'fail' },
  Drained: { status: 'True', otherwise: 'moving' },
  ProductionReady: { status: 'True', otherwise: 'warn' },
};

/** Every condition in the order of the documentation; one that is missing, or speaks of an older object, is not known. */
export function judged(cluster: SchedulerCluster): Judged[] {
  const alone = conditionTypes.map((type) => judge(type, cluster));
  const moves = alone.find(({ type, level }) => type === 'Progressing' && level === 'moving');
  // Ready repeats what Progressing says while that is all there is to say.
  return alone.map((one) =>
    one.type === 'Ready' && one.level === 'fail' && one.reason === moves?.reason
      ? { ...one, level: 'moving' }
      : one,
  );
}

function judge(type: ConditionType, { metadata, status }: SchedulerCluster): Judged {
  const condition = status?.conditions?.find((one) => one.type === type);
  if (!condition)
    return { type, level: 'unknown', reason: 'NotToldYet', message: 'The operator has not said.' };
  const { reason, message } = condition;
  return { type, level: levelOf(type, condition, metadata.generation ?? 0), reason, message };
}

function levelOf(type: ConditionType, condition: Condition, generation: number): Level {
  if ((condition.observedGeneration ?? 0) < generation || condition.status === 'Unknown') return 'unknown';
  // What a person holds, and has not forgotten.
  if (condition.reason === 'Paused') return 'warn';
  const { status, otherwise } = wanted[type];
  return condition.status === status ? 'ok' : otherwise;
}

/** How it is said in a word that all is well: `Ready`, `not Degraded`. */
export const fineName = (type: ConditionType): string =>
  wanted[type].status === 'True' ? type : `not ${type}`;

/** Whether the status speaks of an object that has changed since. */
export const isStale = ({ metadata, status }: SchedulerCluster): boolean =>
  (status?.observedGeneration ?? 0) < (metadata.generation ?? 0);
