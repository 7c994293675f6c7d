/**
 * Progressing: something that was asked for is still being made. An instance that fails later is not progress; one that
 * has not come up since the last change is.
 */
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import { rolloutOf, type Rollout } from '../rollout.ts';
import { instances, leavingPods, previous, type Facts } from './facts.ts';

type Movement = Extract<Reason, 'Creating' | 'Scaling' | 'RollingOut'>;

export function progressing(facts: Facts): Verdict {
  const { cluster, seen, blocked } = facts;
  if (!seen.statefulSet) {
    return blocked
      ? verdict('False', 'Settled', 'Nothing moves until what Degraded names is solved.')
      : verdict('True', 'Creating', 'The StatefulSet is being made.');
  }
  const rollout = rolloutOf(seen.statefulSet);
  const leaving = leavingPods(facts).length;
  const movement = movementOf(facts, rollout, leaving);
  if (movement) return verdict('True', movement, figures(rollout, leaving));
  return verdict(
    'False',
    'Settled',
    `${String(rollout.ready)} of ${instances(cluster.spec.replicas)} ready, none to change.`,
  );
}

function movementOf(facts: Facts, rollout: Rollout, leaving: number): Movement | undefined {
  const ongoing = ongoingMovement(facts);
  const isComplete = rollout.isDone && leaving === 0;
  if (isComplete) return rollout.ready < rollout.wanted ? ongoing : undefined;
  if (ongoing === 'Creating') return ongoing;
  return rollout.replicas !== rollout.wanted || leaving > 0 ? 'Scaling' : 'RollingOut';
}

/** The movement that the last status told of; a cluster without a status is being created. */
function ongoingMovement(facts: Facts): Movement | undefined {
  const before = previous(facts, 'Progressing');
  if (!before) return 'Creating';
  return before.status === 'True' ? (before.reason as Movement) : undefined;
}

function figures({ wanted, replicas, updated, ready, isUnseen }: Rollout, leaving: number): string {
  const leave = leaving > 0 ? `, ${String(leaving)} leaving` : '';
  const counts = `of ${instances(wanted)}: ${String(replicas)} made, ${String(updated)} up to date, ${String(ready)} ready${leave}.`;
  return isUnseen ? `The change was written and is about to begin; ${counts}` : `Under way; ${counts}`;
}
