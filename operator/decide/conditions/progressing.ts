/**
 * Progressing: something that was asked for is still being made. An instance that fails later is not progress; one that
 * has not come up since the last change is.
 */
import { verdict, type Reason, type Verdict } from '../../api/conditions.ts';
import type { Judgement } from '../canary.ts';
import { rolloutOf, type Rollout } from '../rollout.ts';
import { wholeSeconds } from '../time.ts';
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
  const stage = stageVerdict(facts);
  if (stage) return stage;
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

/** What an update waits for that is not just its next instance. */
function stageVerdict({ plan, cluster }: Facts): Verdict | undefined {
  const { stage } = plan.update;
  switch (stage.kind) {
    case 'Paused':
      return verdict('False', 'Paused', 'The rollout is held by an annotation; what fails is still healed.');
    case 'Waiting':
      return verdict('True', 'CanaryWaiting', stage.message);
    case 'RolledBack':
      return stage.isDone
        ? verdict('False', 'Settled', 'The change was taken back from the instances that had tried it.')
        : verdict('True', 'RollingBack', 'The change is taken back from the instances that had tried it.');
    case 'Soaking':
      return soaking(stage.judgement, cluster.spec.rollout.canary?.promotion);
    case 'Settled':
    case 'Rolling':
      return undefined;
  }
}

function soaking(judgement: Judgement, promotion: 'Automatic' | 'Manual' | undefined): Verdict {
  if (judgement.verdict === 'Failed') return verdict('True', 'RollingBack', `${judgement.message}.`);
  const untilMs = judgement.verdict === 'Undecided' ? judgement.untilMs : undefined;
  if (promotion === 'Manual')
    return verdict('True', 'AwaitingPromotion', 'The instances that try the change wait for a person.');
  const until = untilMs === undefined ? 'not ready yet' : `watched until ${wholeSeconds(untilMs)}`;
  return verdict('True', 'CanarySoaking', `The instances that try the change are ${until}.`);
}

/** The movement that the last status told of; a cluster without a status is being created. */
function ongoingMovement(facts: Facts): Movement | undefined {
  const before = previous(facts, 'Progressing');
  if (!before) return 'Creating';
  if (before.status !== 'True') return undefined;
  return before.reason === 'Creating' || before.reason === 'Scaling' ? before.reason : 'RollingOut';
}

function figures({ wanted, replicas, updated, ready, isUnseen }: Rollout, leaving: number): string {
  const leave = leaving > 0 ? `, ${String(leaving)} leaving` : '';
  const counts = `of ${instances(wanted)}: ${String(replicas)} made, ${String(updated)} up to date, ${String(ready)} ready${leave}.`;
  return isUnseen ? `The change was written and is about to begin; ${counts}` : `Under way; ${counts}`;
}
