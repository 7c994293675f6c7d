/** Degraded: something is wrong that will not pass by itself, named so that a person can act on it. */
import { count } from '../../../common/count.ts';
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import type { Pod } from '../../kube/resources.ts';
import {
  condition,
  imageFault,
  isAlive,
  isCrashLooping,
  isReady,
  lastTermination,
  reportOf,
  restarts,
} from '../pods.ts';
import { guide } from '../guide.ts';
import { duplicateHolder } from './duplicate.ts';
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
  if (!first) {
    const views = viewsDiffer(facts);
    if (views) return verdict('True', views.reason, `${views.detail}.`);
    return verdict('False', 'AsExpected', 'No instance is failing.');
  }
  const others = faults.length > 1 ? ` (and ${String(faults.length - 1)} more)` : '';
  return verdict('True', first.reason, `${first.name}${others}: ${first.detail}.`);
}

function faultOf(facts: Facts, pod: Pod): Fault | undefined {
  const refused = reportOf(facts.seen, pod)?.redis.login?.refused;
  if (typeof refused === 'string')
    return { reason: 'NewCredentialsRefused', detail: `of what its Secret says now: ${refused}` };
  const image = imageFault(pod);
  if (image !== undefined) return { reason: 'ImagePullFailed', detail: image };
  if (isCrashLooping(pod)) {
    const code = lastTermination(pod)?.exitCode;
    const ended = code === undefined ? '' : `, last with exit code ${String(code)}`;
    return { reason: 'CrashLooping', detail: `ended ${count(restarts(pod), 'time')}${ended}` };
  }
  const holder = duplicateHolder(facts, pod);
  if (holder !== undefined)
    return { reason: 'DuplicateInstance', detail: `its instance_id is held by ${holder}` };
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status === 'False') {
    return { reason: 'Unschedulable', detail: scheduled.message ?? 'no node of the cluster takes it' };
  }
  return restartingOften(facts, pod) ?? figureFault(facts, pod);
}

/** A pod that is ready now and ended again and again lately: its peers lose their connection each time. */
const often = { restarts: 3, withinMs: 600_000 };

function restartingOften({ nowMs }: Facts, pod: Pod): Fault | undefined {
  const finishedAt = lastTermination(pod)?.finishedAt;
  const isLately = finishedAt !== undefined && nowMs - Date.parse(finishedAt) < often.withinMs;
  if (restarts(pod) < often.restarts || !isLately) return undefined;
  return {
    reason: 'RestartingOften',
    detail: `started again ${String(restarts(pod))} times, last at ${finishedAt}`,
  };
}

/** The guide's alerts. Figures are left out: they change all the time, and metrics have them. */
function figureFault({ seen }: Facts, pod: Pod): Fault | undefined {
  const { inbox } = reportOf(seen, pod) ?? {};
  if (!inbox) return undefined;
  const [pendingMax, dlqMax] = [guide.inboxPendingMax, guide.dlqLengthMax].map(String);
  if (inbox.pending > guide.inboxPendingMax)
    return {
      reason: 'InboxBacklog',
      detail: `more than ${String(pendingMax)} messages in its inbox are read and not acknowledged`,
    };
  if (inbox.dlqLength > guide.dlqLengthMax)
    return { reason: 'DeliveryFailing', detail: `it has more than ${String(dlqMax)} dead letters` };
  return undefined;
}

/** Instances that know far fewer nodes than another one. Views lag a little while nodes come and go; this is more. */
const viewLag = { nodes: 5, share: 0.2 };

function viewsDiffer(facts: Facts): Fault | undefined {
  const known = wantedPods(facts)
    .filter(isReady)
    .flatMap((pod) => {
      const nodes = reportOf(facts.seen, pod)?.nodesKnown;
      return nodes === undefined ? [] : [{ name: pod.metadata.name, nodes }];
    });
  const most = Math.max(0, ...known.map(({ nodes }) => nodes));
  const behind = known.filter(({ nodes }) => most - nodes > Math.max(viewLag.nodes, viewLag.share * most));
  if (behind.length === 0) return undefined;
  return {
    reason: 'NodeViewsDiffer',
    detail: `${behind.map(({ name }) => name).join(', ')} know far fewer nodes than the others`,
  };
}
