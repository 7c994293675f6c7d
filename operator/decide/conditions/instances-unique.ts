/** InstancesUnique: each instance holds its own name in Redis, so what is sent to a name reaches one process. */
import { verdict, type Verdict } from '../../api/conditions.ts';
import { answerOf, isAlive, isReady, reportOf } from '../pods.ts';
import { duplicateHolder } from './duplicate.ts';
import { instances, previous, wantedPods, type Facts } from './facts.ts';
import type { Reason } from '../../api/conditions.ts';

export function instancesUnique(facts: Facts): Verdict {
  const pods = wantedPods(facts).filter(isAlive);
  for (const pod of pods) {
    const holder = duplicateHolder(facts, pod);
    if (holder !== undefined)
      return verdict(
        'False',
        'DuplicateInstance',
        `The instance_id of ${pod.metadata.name} is held by ${holder}.`,
      );
  }
  const before = previous(facts, 'InstancesUnique');
  const isOfThisWish = before?.observedGeneration === facts.cluster.metadata.generation;
  // An operator that has just started asks one after another, and tells of none before it has asked all.
  const isHalfAsked = pods.some((pod) => isReady(pod) && !answerOf(facts.seen, pod));
  if (before && isOfThisWish && (isHalfAsked || facts.seen.instances.size === 0))
    return { status: before.status, reason: before.reason as Reason, message: before.message };
  const holding = pods.filter((pod) => reportOf(facts.seen, pod)?.lease.held).length;
  if (holding > 0) return verdict('True', 'Unique', `${instances(holding)}, each under its own instance_id.`);
  return verdict('Unknown', 'NoInstanceAnswers', 'No instance has said that it holds its instance_id.');
}
