/** ConfigValid: the instances accept their file. Said by them, because only they know every rule. */
import { verdict, type Verdict } from '../../api/conditions.ts';
import type { Pod } from '../../kube/resources.ts';
import { currentConfigMapName } from '../../resources/config-map.ts';
import { configMapOf, isAlive, isReady, refusal, reportOf } from '../pods.ts';
import { instances, wantedPods, type Facts } from './facts.ts';

export function configValid(facts: Facts): Verdict {
  const current = currentConfigMapName(facts.cluster);
  const pods = wantedPods(facts).filter((pod) => isAlive(pod) && configMapOf(pod) === current);
  for (const pod of pods) {
    const ended = refusal(facts.seen, pod);
    if (ended)
      return verdict('False', 'Refused', `${pod.metadata.name} does not start: ${quoted(ended.message)}`);
  }
  const accepted = pods.filter((pod) => hasAccepted(facts, pod)).length;
  if (accepted === 0)
    return verdict('Unknown', 'NoInstanceYet', 'No instance has come up with this configuration yet.');
  return verdict('True', 'Valid', `Accepted by ${instances(accepted)}.`);
}

/** An instance that answers or is ready has read its file. */
const hasAccepted = ({ seen }: Facts, pod: Pod): boolean => isReady(pod) || reportOf(seen, pod) !== undefined;

/** The end of what it said: the kubelet keeps the last lines of the log, and the last one is the reason. */
function quoted(message: string | undefined): string {
  const text = message?.trim() ?? '';
  if (!text) return 'it says nothing.';
  return text.length > quoteMax ? `…${text.slice(-quoteMax)}` : text;
}

const quoteMax = 1500;
