/** One line per instance, by ordinal. */
import type { SchedulerCluster, SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import type { Pod } from '../kube/resources.ts';
import { currentConfigMapName } from '../resources/config-map.ts';
import { answerOf, byOrdinal, configMapOf, isAlive, isCrashLooping, isReady, reportOf } from './pods.ts';
import type { Leaver, View } from './leaving.ts';
import type { Plan } from './plan.ts';
import { isUpdated, rolloutOf } from './rollout.ts';
import { restartReasons } from './restart-reasons.ts';
import type { Seen } from './seen.ts';
import { wholeSeconds } from './time.ts';

type Instance = NonNullable<SchedulerClusterStatus['instances']>[number];

/** The definition's bound. */
const instancesMax = 64;

export function instanceList({ cluster, seen }: View, { leavers }: Plan): Instance[] {
  const current = currentConfigMapName(cluster);
  return byOrdinal(cluster, seen.pods)
    .slice(0, instancesMax)
    .map(({ ordinal, pod }) => {
      const report = reportOf(seen, pod);
      return {
        ordinal,
        podName: pod.metadata.name,
        instanceId: report?.instanceId ?? pod.metadata.name,
        ready: isReady(pod),
        state: stateOf(pod, seen),
        ...figuresOf(cluster, seen, { ordinal, pod }),
        ...drainOf(leavers.find((leaver) => leaver.pod === pod)),
        ...restartOf(seen, pod),
        configCurrent: configMapOf(pod) === current,
      };
    });
}

/** Of an instance that nobody has asked since the operator started, the last known. */
function figuresOf(
  { status }: SchedulerCluster,
  seen: Seen,
  { ordinal, pod }: { ordinal: number; pod: Pod },
): Pick<Instance, 'sessions' | 'nodes' | 'jobs'> {
  const answer = answerOf(seen, pod);
  if (answer?.kind === 'report') {
    const { sessions, nodes } = answer.report.connections;
    const { waiting, running } = answer.report.jobs;
    return { sessions, nodes, ...(answer.report.drain ? { jobs: waiting + running } : {}) };
  }
  const before = status?.instances?.find((instance) => instance.ordinal === ordinal);
  if (answer || !isReady(pod) || before?.sessions === undefined || before.nodes === undefined) return {};
  return { sessions: before.sessions, nodes: before.nodes };
}

function drainOf(leaver: Leaver | undefined): Pick<Instance, 'drain'> {
  if (!leaver || !isAlive(leaver.pod)) return {};
  const { why, startedMs, deadlineMs, isDrained } = leaver;
  return {
    drain: {
      reason: why,
      startTime: wholeSeconds(startedMs),
      deadlineTime: wholeSeconds(deadlineMs),
      done: isDrained,
    },
  };
}

function restartOf({ statefulSet: set }: Seen, pod: Pod): Pick<Instance, 'restartReasons'> {
  if (!set?.spec || rolloutOf(set).isUnseen || isUpdated(set, pod)) return {};
  return { restartReasons: restartReasons(pod.spec, set.spec.template) };
}

function stateOf(pod: Pod, seen: Seen): Instance['state'] {
  if (!isAlive(pod)) return 'Terminating';
  if (reportOf(seen, pod)?.phase === 'draining') return 'Draining';
  if (isReady(pod)) return 'Ready';
  if (isCrashLooping(pod)) return 'Failing';
  if (pod.status?.phase !== 'Running') return 'Pending';
  return reportOf(seen, pod)?.phase === 'ready' ? 'NotReady' : 'Starting';
}

/** The status without the figures that change all the time: what is left is worth a write at once. So is how far a drain is. */
export function withoutFigures(status: SchedulerClusterStatus): SchedulerClusterStatus {
  const instances = (status.instances ?? []).map((instance) =>
    instance.drain ? instance : { ...instance, sessions: 0, nodes: 0 },
  );
  return { ...status, instances };
}
