/** The status of a cluster: everything that was seen, said for the generation that was acted on. */
import { conditionTypes, type Condition, type Verdict } from '../api/conditions.ts';
import { selectorLabels, selectorString } from '../api/labels.ts';
import type { SchedulerCluster, SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import { currentConfigMapName } from '../resources/config-map.ts';
import { available } from './conditions/available.ts';
import { configValid } from './conditions/config-valid.ts';
import { drained } from './conditions/drained.ts';
import { degraded } from './conditions/degraded.ts';
import type { Facts } from './conditions/facts.ts';
import { previous, wantedPods } from './conditions/facts.ts';
import { instancesUnique } from './conditions/instances-unique.ts';
import { productionReady } from './conditions/production-ready.ts';
import { progressing } from './conditions/progressing.ts';
import { ready } from './conditions/ready.ts';
import { redisReachable } from './conditions/redis-reachable.ts';
import { routingVerified } from './conditions/routing-verified.ts';
import { instanceList } from './instance-list.ts';
import { credentialsInUse } from './logins.ts';
import { planOf } from './plan.ts';
import { isReady } from './pods.ts';
import { rolloutStatus } from './update.ts';
import { wholeSeconds } from './time.ts';

export function statusOf(moment: Omit<Facts, 'plan'>): SchedulerClusterStatus {
  const facts: Facts = { ...moment, plan: planOf(moment) };
  const { cluster, seen, plan } = facts;
  const { status: set } = seen.statefulSet ?? {};
  return {
    observedGeneration: cluster.metadata.generation ?? 1,
    replicas: set?.replicas ?? 0,
    readyReplicas: seen.pods.filter(isReady).length,
    updatedReplicas: set?.updatedReplicas ?? 0,
    selector: selectorString(selectorLabels(cluster)),
    configMapName: currentConfigMapName(cluster),
    ...redisCredentials(facts),
    rollout: rolloutStatus(facts, plan.update),
    conditions: conditions(facts),
    instances: instanceList(facts, plan),
  };
}

function redisCredentials(facts: Facts): Pick<SchedulerClusterStatus, 'redisCredentials'> {
  const { cluster, seen } = facts;
  const inUse = credentialsInUse(seen, wantedPods(facts), cluster.status?.redisCredentials);
  return inUse === undefined ? {} : { redisCredentials: inUse };
}

function conditions(facts: Facts): Condition[] {
  const moving = progressing(facts);
  const parts = {
    Available: available(facts),
    Progressing: moving,
    Degraded: degraded(facts),
    ConfigValid: configValid(facts),
    RedisReachable: redisReachable(facts),
    InstancesUnique: instancesUnique(facts),
    RoutingVerified: routingVerified(facts, moving),
    Drained: drained(facts),
    ProductionReady: productionReady(facts),
  };
  const verdicts = { Ready: ready(facts, parts), ...parts };
  return conditionTypes.map((type) => stamp(type, verdicts[type], facts));
}

/** The transition time moves only when the status does. */
function stamp(type: (typeof conditionTypes)[number], verdict: Verdict, facts: Facts): Condition {
  const before = previous(facts, type);
  const lastTransitionTime =
    before?.status === verdict.status ? before.lastTransitionTime : wholeSeconds(facts.nowMs);
  return { type, ...verdict, observedGeneration: facts.cluster.metadata.generation ?? 1, lastTransitionTime };
}

export const isTrue = ({ status }: SchedulerCluster, type: string): boolean =>
  status?.conditions?.find((condition) => condition.type === type)?.status === 'True';
