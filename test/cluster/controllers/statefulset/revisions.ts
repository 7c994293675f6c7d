/**
 * The history of a StatefulSet: one ControllerRevision for each pod template it ever had. Equal templates share one, so going back to
 * an old template raises the number of its revision instead of making another. Pure.
 */
import type { ControllerRevision, Pod, StatefulSet } from '../../../../operator/kube/resources.ts';
import { canonicalJson, contentHash } from '../hash.ts';
import { controllerReference } from '../owners.ts';

export const revisionLabel = 'controller-revision-hash';
const hashLabel = 'controller.kubernetes.io/hash';

export interface Revisions {
  /** What pods below the partition run. */
  readonly current: ControllerRevision;
  /** What the present template asks for. */
  readonly update: ControllerRevision;
  /** What must be written before pods are made from `update`. */
  readonly write: 'none' | 'create' | 'renumber';
}

/** @param history the revisions this set controls, in any order */
export function resolveRevisions(set: StatefulSet, history: readonly ControllerRevision[]): Revisions {
  const sorted = inOrder(history);
  const newest = sorted.at(-1);
  const wanted = newRevision(set, (newest?.revision ?? 0) + 1);
  const equal = sorted.findLast((revision) => sameContent(revision, wanted));
  const current = sorted.find((revision) => revision.metadata.name === set.status?.currentRevision);
  if (equal === undefined) return { current: current ?? wanted, update: wanted, write: 'create' };
  if (equal === newest) return { current: current ?? equal, update: equal, write: 'none' };
  const renumbered = { ...equal, revision: wanted.revision };
  return { current: current ?? renumbered, update: renumbered, write: 'renumber' };
}

/** Revisions nobody runs, oldest first, beyond what the history limit keeps. */
export function surplusRevisions(
  set: StatefulSet,
  history: readonly ControllerRevision[],
  { current, update }: Revisions,
  pods: readonly Pod[],
): ControllerRevision[] {
  const live = new Set([current.metadata.name, update.metadata.name, ...pods.map(podRevision)]);
  const idle = inOrder(history).filter((revision) => !live.has(revision.metadata.name));
  return idle.slice(0, Math.max(0, idle.length - (set.spec?.revisionHistoryLimit ?? 10)));
}

export const podRevision = (pod: Pod): string | undefined => pod.metadata.labels?.[revisionLabel];

export const sameContent = (a: ControllerRevision, b: ControllerRevision): boolean =>
  canonicalJson(a.data) === canonicalJson(b.data);

/** The set as it was when this revision was its template. */
export function atRevision(set: StatefulSet, revision: ControllerRevision): StatefulSet {
  const data = revision.data as { spec: { template: Record<string, unknown> } };
  const template = { ...data.spec.template };
  delete template['$patch'];
  return { ...set, spec: { ...set.spec, template } } as StatefulSet;
}

function newRevision(set: StatefulSet, revision: number): ControllerRevision {
  // The same form a real controller stores, so that its history can be read here and ours there.
  const data = { spec: { template: { ...set.spec?.template, $patch: 'replace' } } };
  const hash = contentHash(data, set.status?.collisionCount ?? 0);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${set.metadata.name}-${hash}`,
      namespace: set.metadata.namespace ?? '',
      labels: { ...set.spec?.template.metadata?.labels, [hashLabel]: hash },
      ownerReferences: [controllerReference(set)],
    },
    data,
    revision,
  };
}

function inOrder(history: readonly ControllerRevision[]): ControllerRevision[] {
  return history.toSorted((a, b) => a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1));
}
