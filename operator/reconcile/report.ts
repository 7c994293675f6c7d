/** Says in the status what was seen, only when that is something new, and as an event when a condition turned. */
import { credentialsChanged } from '../../common/credentials-digest.ts';
import { toAppError } from '../../common/errors.ts';
import { remedies } from '../api/conditions.ts';
import { eventKinds, turnsTold, type EventReason } from '../api/events.ts';
import { kind, schedulerClusters } from '../api/group.ts';
import { keyOf } from '../api/names.ts';
import type { SchedulerCluster, SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import { dueInMs } from './news.ts';
import { isConflict, Outdated } from './blockage.ts';
import type { Deps } from './deps.ts';

/** When the status of a cluster, by its key, was last written by this process; monotonic milliseconds. */
export type LastReports = Map<string, number>;

/** Answers in how many milliseconds there is something to tell that could wait; undefined when there is nothing. */
export async function report(
  cluster: SchedulerCluster,
  status: SchedulerClusterStatus,
  lastReports: LastReports,
  deps: Deps,
): Promise<number | undefined> {
  const { apiVersion, metadata } = cluster;
  const { namespace = '', name, uid, resourceVersion } = metadata;
  const key = keyOf(cluster);
  const nowMs = deps.clock.monotonic();
  const sinceMs = nowMs - (lastReports.get(key) ?? -Infinity);
  const inMs = dueInMs(cluster.status, status, sinceMs);
  if (inMs !== 0) return inMs;
  const written = await write(deps, {
    apiVersion,
    kind,
    // Of this very object, and only when nobody has changed it since: nobody may read here what was true of another wish.
    metadata: { name, namespace, uid, resourceVersion },
    status,
  } as SchedulerCluster);
  deps.ownWrites.wrote(schedulerClusters, written);
  lastReports.set(key, nowMs);
  announceTurns(cluster, status, deps);
  announceCanary(cluster, status, deps);
  announceRotation(cluster, status, deps);
  return undefined;
}

async function write({ kube }: Deps, cluster: SchedulerCluster): Promise<SchedulerCluster> {
  try {
    return await kube.applyStatus(schedulerClusters, cluster);
  } catch (caught) {
    const error = toAppError(caught);
    if (isConflict(error)) throw new Outdated(error.message);
    throw error;
  }
}

function announceTurns(cluster: SchedulerCluster, next: SchedulerClusterStatus, { events }: Deps): void {
  for (const [conditionType, status, type] of turnsTold) {
    const before = cluster.status?.conditions?.find((condition) => condition.type === conditionType);
    const now = next.conditions?.find((condition) => condition.type === conditionType);
    if (now?.status !== status || (before?.status === status && before.reason === now.reason)) continue;
    if (now.reason === 'CanaryFailed' && isToldAsVerdict(cluster)) continue;
    events.record({ regarding: cluster, type, reason: now.reason, action: 'Observe', note: now.message });
  }
}

/** The verdict is told when it falls; what is done because of it follows. */
const isToldAsVerdict = ({ status }: SchedulerCluster): boolean => status?.rollout?.verdict === 'Failed';

function announceCanary(
  cluster: SchedulerCluster,
  { rollout }: SchedulerClusterStatus,
  { events }: Deps,
): void {
  const { verdict, revision = '', message = 'The canary failed' } = rollout ?? {};
  if (verdict === undefined || verdict === cluster.status?.rollout?.verdict) return;
  const hasPassed = verdict === 'Passed';
  const note = hasPassed
    ? `The instances that tried revision ${revision} stayed within the limits; the others follow.`
    : `${message}; revision ${revision} is taken back. ${remedies.CanaryFailed}`;
  const reason: EventReason = hasPassed ? 'CanaryPassed' : 'CanaryFailed';
  events.record({ regarding: cluster, reason, ...eventKinds[reason], note });
}

/** Of the user's Secrets; an operator that meets a fleet for the first time knows of no change. */
function announceRotation(cluster: SchedulerCluster, next: SchedulerClusterStatus, { events }: Deps): void {
  const [before, now] = [cluster.status?.redisCredentials, next.redisCredentials];
  if (before === undefined || now === undefined || !credentialsChanged(before, now)) return;
  const note =
    'All instances log in to Redis with what the Secret says now; what it said before is not needed any more.';
  const reason: EventReason = 'CredentialsRotated';
  events.record({ regarding: cluster, reason, ...eventKinds[reason], note });
}
