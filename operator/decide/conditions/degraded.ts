/** Degraded: something is wrong that will not pass by itself, named so that a person can act on it. */
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import type { Pod } from '../../kube/resources.ts';
import {
  condition,
  imageFault,
  isAlive,
  isCrashLooping,
  lastTermination,
  reportOf,
  restarts,
} from '../pods.ts';
import { wantedPods, type Facts } from './facts.ts';

interface Fault {
  readonly reason: Reason;
  readonly detail: string;
}

export function degraded(facts: Facts): Verdict {
  if (facts.blocked) return verdict('True', facts.blocked.reason, facts.blocked.message);
  const failed = facts.plan.update.stage.kind === 'RolledBack' && facts.cluster.status?.rollout;
  if (failed)
    return verdict(
      'True',
      'CanaryFailed',
      `${failed.message ?? 'The canary failed'}; revision ${failed.revision} is taken back.`,
    );
  const faults = wantedPods(facts)
    .filter(isAlive)
    .flatMap((pod) => {
      const fault = faultOf(facts, pod);
      return fault ? [{ ...fault, name: pod.metadata.name }] : [];
    });
  const [first] = faults;
  if (!first) return verdict('False', 'AsExpected', 'No instance is failing.');
  const others = faults.length > 1 ? ` (and ${String(faults.length - 1)} more)` : '';
  return verdict('True', first.reason, `${first.name}${others}: ${first.detail}.`);
}

function faultOf(facts: Facts, pod: Pod): Fault | undefined {
  const image = imageFault(pod);
  if (image !== undefined) return { reason: 'ImagePullFailed', detail: image };
  if (isCrashLooping(pod)) {
    const code = lastTermination(pod)?.exitCode;
    const ended = code === undefined ? '' : `, last with exit code ${String(code)}`;
    return { reason: 'CrashLooping', detail: `ended ${String(restarts(pod))} times${ended}` };
  }
  if (isDuplicate(facts, pod)) {
    const holder = reportOf(facts.seen, pod)?.lease.holder;
    return {
      reason: 'DuplicateInstance',
      detail: `its instance_id is held by ${holder ?? 'another process'}`,
    };
  }
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status === 'False') {
    return { reason: 'Unschedulable', detail: scheduled.message ?? 'no node of the cluster takes it' };
  }
  return undefined;
}

/** A process that died without a word leaves its lease for one TTL, and its successor waits: only longer is a fault. */
function isDuplicate({ cluster, seen, nowMs }: Facts, pod: Pod): boolean {
  const report = reportOf(seen, pod);
  if (!report || report.lease.held || report.lease.holder === null || !report.redis.reachable) return false;
  const waitedMs = nowMs - Date.parse(report.startedAt);
  return waitedMs > 2_000 * cluster.spec.config.scheduler.phase2.ownerTtlSeconds;
}
