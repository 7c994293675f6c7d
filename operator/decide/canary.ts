/** Whether the instances that try a change have passed, by the guide's own limits. Pure: the same pods and reports give the same verdict. */
import { count } from '../../common/count.ts';
import type { SchedulerClusterSpec, SchedulerClusterStatus } from '../api/schedulercluster.gen.ts';
import {
  answerOf,
  reportOf,
  imageFault,
  isCrashLooping,
  isReady,
  readinessSinceMs,
  refusal,
  restarts,
  runningSinceMs,
} from './pods.ts';
import type { Numbered, View } from './leaving.ts';

export type Canary = NonNullable<SchedulerClusterSpec['rollout']['canary']>;
export type RolloutStatus = NonNullable<SchedulerClusterStatus['rollout']>;

export type Judgement =
  | { readonly verdict: 'Passed' }
  | { readonly verdict: 'Failed'; readonly reason: FailureReason; readonly message: string }
  /** @param untilMs when the soak ends if all stays well; undefined while an instance is not ready */
  | { readonly verdict: 'Undecided'; readonly untilMs: number | undefined };

export type FailureReason =
  | 'ConfigRefused'
  | 'CrashLooping'
  | 'ImagePullFailed'
  | 'NotStarted'
  | 'PresenceMissing'
  | 'NotReady'
  | 'InboxPending'
  | 'DeadLetters'
  | 'SelectionFailures';

interface Failure {
  readonly reason: FailureReason;
  readonly message: string;
}

/** A pod that waits for a node or for its image is given this long: the default of a Deployment's progress deadline. */
const startMs = 600_000;

/** Fewer choices say nothing about a percentage. */
const selectionsMin = 20;

export function judge(view: View, canaries: readonly Numbered[], canary: Canary): Judgement {
  for (const { pod } of canaries) {
    const failure = lifeFailure(view, pod, canary) ?? figureFailure(view, pod, canary);
    if (failure)
      return {
        verdict: 'Failed',
        reason: failure.reason,
        message: `${pod.metadata.name} ${failure.message}`,
      };
  }
  // Its figures are not known before it was asked: an operator that has just started passes nothing unseen.
  const isKnown = ({ pod }: Numbered): boolean => isReady(pod) && answerOf(view.seen, pod) !== undefined;
  if (!canaries.every(isKnown)) return { verdict: 'Undecided', untilMs: undefined };
  const untilMs = Math.max(...canaries.map(({ pod }) => readinessSinceMs(pod))) + 1_000 * canary.soakSeconds;
  const isOver = view.nowMs >= untilMs && canary.promotion === 'Automatic';
  return isOver ? { verdict: 'Passed' } : { verdict: 'Undecided', untilMs };
}

function lifeFailure({ seen, nowMs }: View, pod: Numbered['pod'], { limits }: Canary): Failure | undefined {
  const refused = refusal(seen, pod);
  if (refused)
    return { reason: 'ConfigRefused', message: `refuses its configuration: ${lastLine(refused.message)}` };
  if (isCrashLooping(pod))
    return { reason: 'CrashLooping', message: `ended ${count(restarts(pod), 'time')}` };
  const image = imageFault(pod);
  if (image !== undefined) return { reason: 'ImagePullFailed', message: `has no image: ${image}` };
  if (isReady(pod)) return undefined;
  const runningMs = runningSinceMs(pod);
  if (runningMs === undefined) {
    const isLate = nowMs - readinessSinceMs(pod) > startMs;
    return isLate
      ? { reason: 'NotStarted', message: `did not start within ${String(startMs / 1_000)} s` }
      : undefined;
  }
  const forSeconds = Math.floor((nowMs - Math.max(runningMs, readinessSinceMs(pod))) / 1_000);
  if (forSeconds <= limits.notReadySeconds) return undefined;
  const figure = `for ${String(forSeconds)} s, more than ${String(limits.notReadySeconds)} s are allowed`;
  return reportOf(seen, pod)?.lease.held === false
    ? { reason: 'PresenceMissing', message: `has had no presence in Redis ${figure}` }
    : { reason: 'NotReady', message: `has not been ready ${figure}` };
}

/** Also asked of an instance that is about to try a change: what it carries from before must not be blamed on the change. */
export function figureFailure({ seen }: View, pod: Numbered['pod'], { limits }: Canary): Failure | undefined {
  const report = reportOf(seen, pod);
  if (!report) return undefined;
  const { inbox, selections } = report;
  if (inbox.pending > limits.inboxPending) {
    const message = `has ${String(inbox.pending)} inbox entries pending, more than ${String(limits.inboxPending)} are allowed`;
    return { reason: 'InboxPending', message };
  }
  if (inbox.dlqLength > limits.dlqLength) {
    const message = `has ${String(inbox.dlqLength)} dead letters, more than ${String(limits.dlqLength)} are allowed`;
    return { reason: 'DeadLetters', message };
  }
  if (!selections || selections.total < selectionsMin) return undefined;
  const percent = (100 * selections.failed) / selections.total;
  if (percent <= limits.selectionFailurePercent) return undefined;
  const message = `found no node for ${percent.toFixed(1)} % of its jobs, more than ${String(limits.selectionFailurePercent)} % are allowed`;
  return { reason: 'SelectionFailures', message };
}

/** The kubelet keeps the end of the log; its last line is the reason. */
function lastLine(message: string | undefined): string {
  const line = message?.trim().split('\n').at(-1) ?? '';
  return line.length > 512 ? `${line.slice(0, 512)}…` : line || 'it says nothing';
}
