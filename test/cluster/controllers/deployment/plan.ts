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
  const wanted = deployment.spec?.replicas ?? 1;
  const fresh = currentSet(deployment, sets);
  const old = sets.filter((set) => set !== fresh);
  const oldPods = sum(old, (set) => set.status?.replicas);
  const mayStart = deployment.spec?.strategy?.type !== 'Recreate' || oldPods === 0;
  const replaced = fresh !== undefined && (fresh.status?.availableReplicas ?? 0) >= wanted;
  return [
    ...startNew(deployment, fresh, sets, mayStart ? wanted : 0),
    ...(replaced || deployment.spec?.strategy?.type === 'Recreate' ? scaleTo(0, old) : []),
    ...surplus(deployment, old),
  ];
}

export function deploymentStatus(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  now: string,
): NonNullable<Deployment['status']> {
  const wanted = deployment.spec?.replicas ?? 1;
  const fresh = currentSet(deployment, sets);
  const available = sum(sets, (set) => set.status?.availableReplicas);
  const updated = fresh?.status?.replicas ?? 0;
  const replicas = sum(sets, (set) => set.status?.replicas);
  const complete = updated === wanted && replicas === wanted && available >= wanted;
  const condition = (type: string, holds: boolean, reason: string, message: string) => {
    const status = holds ? 'True' : 'False';
    const before = deployment.status?.conditions?.find((one) => one.type === type);
    const since = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, reason, message, lastTransitionTime: since ?? now, lastUpdateTime: since ?? now };
  };
  const enough = available >= wanted;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas,
    updatedReplicas: updated,
    readyReplicas: sum(sets, (set) => set.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, wanted - available),
    conditions: [
      condition(
        'Available',
        enough,
        enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
      ),
      condition(
        'Progressing',
        true,
        complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        `ReplicaSet "${fresh?.metadata.name ?? ''}" ${complete ? 'has successfully progressed' : 'is progressing'}.`,
      ),
    ],
  };
}

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
  const template = structuredClone(set.spec?.template);
  if (template?.metadata?.labels) delete template.metadata.labels[hashLabel];
  return template;
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
