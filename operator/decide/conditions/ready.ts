/** Ready: the summary, for `kubectl wait` and for a glance. It repeats the verdict that a person should read first. */
import { verdict, type ConditionType, type Verdict } from '../../api/conditions.ts';
import type { Facts } from './facts.ts';
import { instances } from './facts.ts';

export type Parts = Readonly<Record<Exclude<ConditionType, 'Ready'>, Verdict>>;

export function ready(facts: Facts, parts: Parts): Verdict {
  const { cluster, blocked } = facts;
  if (blocked) return { ...parts.Degraded, status: 'False' };
  const { stage } = facts.plan.update;
  if (stage.kind === 'RolledBack') return { ...parts.Degraded, status: 'False' };
  if (stage.kind === 'Paused') return parts.Progressing;
  const wanted = cluster.spec.replicas;
  const isMoving = parts.Progressing.status === 'True';
  if (wanted === 0 && !isMoving)
    return verdict('True', 'Hibernated', 'No instance is asked for, and none runs.');
  const hindrance = hindranceIn(parts);
  if (hindrance) return { ...hindrance, status: hindrance.status === 'Unknown' ? 'Unknown' : 'False' };
  return verdict('True', 'FleetReady', `${instances(wanted)} asked for; ${parts.Available.message}`);
}

/** The verdict to read first: what is certainly wrong, then what is on its way, then what is not known. */
function hindranceIn(parts: Parts): Verdict | undefined {
  const { Available, ConfigValid, InstancesUnique, Progressing, RedisReachable, RoutingVerified } = parts;
  const wrong = [ConfigValid, RedisReachable, InstancesUnique, RoutingVerified].find(
    ({ status }) => status === 'False',
  );
  if (wrong) return wrong;
  if (Progressing.status === 'True') return Progressing;
  return [Available, ConfigValid, RedisReachable].find(({ status }) => status !== 'True');
}
