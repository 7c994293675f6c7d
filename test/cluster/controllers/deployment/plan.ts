/**
 * What a Deployment does next. Simpler than the real one: `Recreate` waits until the old pods are gone; `RollingUpdate`
 * brings up all new pods beside the old ones and then takes the old ones down at once. Pure.
 */
import type { Deployment } from '../../../../operator/kube/resources.ts';
import { canonicalJson, contentHash } from '../hash.ts';
import { controllerReference } from '../owners.ts';
import type { ReplicaSet } from './replica-sets.ts';

const hashLabel = 'pod-template-hash';
const revisionAnnotation = 'deployment.kubernetes.io/revision';

export type DeploymentAction =
  | { readonly kind: 'create'; readonly set: ReplicaSet }
  | { readonly kind: 'scale'; readonly set: ReplicaSet; readonly replicas: number }
  | { readonly kind: 'delete'; readonly set: ReplicaSet };

/** @param sets the ReplicaSets this deployment controls */
export function planDeployment(deployment: Deployment, sets: readonly ReplicaSet[]): DeploymentAction[] {
  if (deployment.metadata.deletionTimestamp !== undefined || deployment.spec?.paused) return [];
  const wanted = wantedReplicas(deployment);
  const fresh = currentSet(deployment, sets);
  const old = sets.filter((set) => set !== fresh);
  const recreate = deployment.spec?.strategy?.type === 'Recreate';
  const mayStart = !recreate || sum(old, (set) => set.status?.replicas) === 0;
  const replaced = fresh !== undefined && (fresh.status?.availableReplicas ?? 0) >= wanted;
  return [
    ...startNew(deployment, fresh, sets, mayStart ? wanted : 0),
    ...(replaced || recreate ? scaleTo(0, old) : []),
    ...surplus(deployment, old),
  ];
}

export function deploymentStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  now: string,
): NonNullable<Deployment['status']> {
  const wanted = wantedReplicas(deployment);
  const fresh = currentSet(deployment, sets);
  const counts = {
    replicas: sum(sets, (set) => set.status?.replicas),
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas: sum(sets, (set) => set.status?.readyReplicas),
    availableReplicas: sum(sets, (set) => set.status?.availableReplicas),
  };
  const enough = counts.availableReplicas >= wanted;
  const complete = enough && counts.updatedReplicas === wanted && counts.replicas === wanted;
  const verdicts = [availability(enough), progress(complete, fresh?.metadata.name ?? '')];
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...counts,
    unavailableReplicas: Math.max(0, wanted - counts.availableReplicas),
    conditions: verdicts.map((verdict) => dated(deployment, verdict, now)),
  };
}

interface Verdict {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const availability = (enough: boolean): Verdict => ({
  type: 'Available',
  status: enough ? 'True' : 'False',
  reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
  message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
});

const progress = (complete: boolean, name: string): Verdict => ({
  type: 'Progressing',
  status: 'True',
  reason: complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
  message: `ReplicaSet "${name}" ${complete ? 'has successfully progressed' : 'is progressing'}.`,
});

function dated(deployment: Deployment, verdict: Verdict, now: string) {
  const before = deployment.status?.conditions?.find(({ type }) => type === verdict.type);
  const since = (before?.status === verdict.status ? before.lastTransitionTime : undefined) ?? now;
  return { ...verdict, lastTransitionTime: since, lastUpdateTime: since };
}

const wantedReplicas = (deployment: Deployment): number => deployment.spec?.replicas ?? 1;

function startNew(
  deployment: Deployment,
  fresh: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  replicas: number,
): DeploymentAction[] {
  if (!fresh) return [{ kind: 'create', set: newSet(deployment, nextRevision(sets), replicas) }];
  return scaleTo(replicas, [fresh]);
}

const scaleTo = (replicas: number, sets: readonly ReplicaSet[]): DeploymentAction[] =>
  sets.filter((set) => set.spec?.replicas !== replicas).map((set) => ({ kind: 'scale', set, replicas }));

function surplus(deployment: Deployment, old: readonly ReplicaSet[]): DeploymentAction[] {
  const idle = old
    .filter((set) => (set.status?.replicas ?? 0) === 0 && set.spec?.replicas === 0)
    .sort((a, b) => revisionOf(a) - revisionOf(b));
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  return idle.slice(0, Math.max(0, idle.length - limit)).map((set) => ({ kind: 'delete', set }));
}

function currentSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = canonicalJson(deployment.spec?.template);
  return sets.find((set) => canonicalJson(withoutHash(set)) === wanted);
}

function withoutHash(set: ReplicaSet): unknown {
  const template = set.spec?.template;
  const labels = Object.entries(template?.metadata?.labels ?? {}).filter(([key]) => key !== hashLabel);
  return { ...template, metadata: { ...template?.metadata, labels: Object.fromEntries(labels) } };
}

function newSet(deployment: Deployment, revision: number, replicas: number): ReplicaSet {
  const spec = deployment.spec!;
  const hash = contentHash(spec.template);
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: { [revisionAnnotation]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds: spec.minReadySeconds ?? 0,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

const revisionOf = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.[revisionAnnotation] ?? 0);

const nextRevision = (sets: readonly ReplicaSet[]): number => Math.max(0, ...sets.map(revisionOf)) + 1;

const sum = <T>(items: readonly T[], of: (item: T) => number | undefined): number =>
  items.reduce((total, item) => total + (of(item) ?? 0), 0);
