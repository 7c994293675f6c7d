/** Who a pod of a StatefulSet is: its ordinal, its name, and what is written on it. Pure. */
import type { ControllerRevision, Pod, StatefulSet } from '../../../../operator/kube/resources.ts';
import { controllerReference } from '../owners.ts';
import { withClaims } from './claims.ts';
import { atRevision, revisionLabel } from './revisions.ts';

export const firstOrdinal = (set: StatefulSet): number => set.spec?.ordinals?.start ?? 0;

export const replicasOf = (set: StatefulSet): number => set.spec?.replicas ?? 1;

/** The ordinal of a pod of this set; undefined when its name is not one the set would give. */
export function ordinalOf(set: StatefulSet, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`;
  if (!podName.startsWith(prefix)) return undefined;
  const digits = podName.slice(prefix.length);
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

export function buildPod(set: StatefulSet, revision: ControllerRevision, ordinal: number): Pod {
  const { template, serviceName } = atRevision(set, revision).spec!;
  const name = `${set.metadata.name}-${ordinal}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata.namespace ?? '',
      labels: {
        ...template.metadata?.labels,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [revisionLabel]: revision.metadata.name,
      },
      annotations: { ...template.metadata?.annotations },
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      ...template.spec!,
      ...volumes(set, ordinal, template.spec?.volumes),
      hostname: name,
      ...(serviceName ? { subdomain: serviceName } : {}),
    },
  };
}

/** None at all is not the same as an empty list. */
function volumes(set: StatefulSet, ordinal: number, given: Parameters<typeof withClaims>[2]): object {
  const all = withClaims(set, ordinal, given);
  return all.length === 0 ? {} : { volumes: all };
}
