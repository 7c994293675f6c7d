/**
 * Pods as they are worth keeping: of each what somebody reads, and what is the same in the pods of one controller, which are made
 * from one template, only once. A whole pod of a big cluster takes several kilobytes, and there are a thousand of them.
 */
import type { Pod } from './resources.ts';
import { sharing } from './sharing.ts';

/** Controllers whose pods are shared; beyond it everything is forgotten, which costs memory and nothing else. */
const controllersMax = 1_000;

/** Others tell nobody anything: the container's own state is there. */
const conditionsRead: ReadonlySet<string> = new Set(['Ready', 'PodScheduled']);

/** Labels that differ from pod to pod and say what its name says. */
const labelsOfOne = ['statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index'];

/** A transform for a cache of pods. */
export function keptPods(): (pod: Pod) => Pod {
  /** The last pod seen, by the uid of the controller. */
  const known = new Map<string, WeakRef<Pod>>();
  return (pod) => {
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    if (owner === undefined) return pod;
    const kept = sharing(known.get(owner)?.deref(), whatIsRead(pod));
    if (known.size >= controllersMax) known.clear();
    known.set(owner, new WeakRef(kept));
    return kept;
  };
}

function whatIsRead({ metadata, spec, status, ...kind }: Pod): Pod {
  return {
    ...kind,
    metadata: defined<Pod['metadata']>({
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
      deletionTimestamp: metadata.deletionTimestamp,
      ownerReferences: metadata.ownerReferences,
      labels: metadata.labels && without(metadata.labels, labelsOfOne),
    }),
    ...(spec ? { spec: without(spec, ['hostname', 'nodeName']) } : {}),
    ...(status ? { status: statusRead(status) } : {}),
  };
}

function statusRead({ phase, podIP, conditions, containerStatuses }: NonNullable<Pod['status']>) {
  return defined<NonNullable<Pod['status']>>({
    phase,
    podIP,
    conditions: conditions?.filter(({ type }) => conditionsRead.has(type)),
    containerStatuses: containerStatuses?.map((one) => without(one, ['containerID', 'imageID'])),
  });
}

/** Fields that are absent stay absent. */
const defined = <T extends object>(fields: { readonly [Name in keyof T]: T[Name] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;

/** Made anew field by field: an object from which fields are deleted takes several times the memory. */
const without = <T extends object>(fields: T, names: readonly string[]): T =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name))) as T;
