/**
 * Pods as they are worth keeping: those of one controller are made from one template, so their specs are one object here and not
 * a thousand. What differs from pod to pod, and nobody reads, is left out.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Pod } from './resources.ts';

type PodSpec = NonNullable<Pod['spec']>;

/** Controllers whose pods are shared; beyond it everything is forgotten, which costs memory and nothing else. */
const controllersMax = 1_000;

/** A transform for a cache of pods. */
export function sharedSpecs(): (pod: Pod) => Pod {
  /** The last spec seen, by the uid of the controller. */
  const known = new Map<string, WeakRef<PodSpec>>();
  return (pod) => {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    if (!pod.spec || owner === undefined) return pod;
    const spec = withoutPlace(pod.spec);
    const last = known.get(owner)?.deref();
    if (last && isDeepStrictEqual(last, spec)) return { ...pod, spec: last };
    if (known.size >= controllersMax) known.clear();
    known.set(owner, new WeakRef(spec));
    return { ...pod, spec };
  };
}

function withoutPlace(spec: PodSpec): PodSpec {
  const shared = { ...spec };
  delete shared.hostname;
  delete shared.nodeName;
  return shared;
}
