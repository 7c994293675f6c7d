/** The claims of a StatefulSet's pods: one for each template and ordinal, found again by a pod that is made anew. Pure. */
import type { Pod, PersistentVolumeClaim, StatefulSet } from '../../../../operator/kube/resources.ts';
import { controllerReference } from '../owners.ts';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

const templatesOf = (set: StatefulSet) => set.spec?.volumeClaimTemplates ?? [];

const claimName = (set: StatefulSet, template: string, ordinal: number): string =>
  `${template}-${set.metadata.name}-${ordinal}`;

/** Kept when the set goes, unless it says that they go with it. */
export function claimsFor(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  const goes = set.spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
  const owners = goes ? { ownerReferences: [{ ...controllerReference(set), blockOwnerDeletion: true }] } : {};
  return templatesOf(set).map(({ metadata, spec }) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...metadata,
      name: claimName(set, metadata?.name ?? '', ordinal),
      namespace: set.metadata.namespace ?? '',
      labels: { ...metadata?.labels, ...set.spec?.selector.matchLabels },
      ...owners,
    },
    ...(spec ? { spec } : {}),
  }));
}

/** The volumes of a pod: a claim's takes the place of one that the template has under the name. */
export function withClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[] = []): Volume[] {
  const claimed = templatesOf(set).map(({ metadata }) => {
    const name = metadata?.name ?? '';
    return { name, persistentVolumeClaim: { claimName: claimName(set, name, ordinal) } };
  });
  return [...claimed, ...volumes.filter(({ name }) => !claimed.some((claim) => claim.name === name))];
}
