/** Available: sessions and nodes find an instance, and no more than one is missing. */
import { verdict, type Verdict } from '../../api/conditions.ts';
import { isReady } from '../pods.ts';
import { instances, wantedPods, type Facts } from './facts.ts';

export function available(facts: Facts): Verdict {
  const wanted = facts.cluster.spec.replicas;
  if (wanted === 0) return verdict('True', 'Hibernated', 'No instance is asked for, and none runs.');
  if (!facts.seen.statefulSet) return verdict('Unknown', 'NoInstanceYet', 'There is no StatefulSet yet.');
  const ready = wantedPods(facts).filter(isReady).length;
  const figures = `${String(ready)} of ${instances(wanted)} ready.`;
  return ready >= Math.max(1, wanted - 1)
    ? verdict('True', 'EnoughReady', figures)
    : verdict('False', 'TooFewReady', figures);
}
