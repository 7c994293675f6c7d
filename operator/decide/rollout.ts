/** How far the StatefulSet is on its way to its own spec. */
import type { Pod, StatefulSet } from '../kube/resources.ts';

export interface Rollout {
  readonly wanted: number;
  readonly replicas: number;
  readonly ready: number;
  readonly updated: number;
  /** Its status speaks of its spec, and no pod is left to make, end or replace. */
  readonly isDone: boolean;
  /** Its status speaks of an older spec than the one that was written. */
  readonly isUnseen: boolean;
  /** Pods of another revision than the last one may still run. */
  readonly isMixed: boolean;
}

export function rolloutOf({ metadata, spec, status }: StatefulSet): Rollout {
  const { generation = 1 } = metadata;
  const { replicas: wanted = 1 } = spec ?? {};
  const { observedGeneration = 0, replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status ?? {};
  const isUnseen = observedGeneration < generation;
  const isMixed =
    isUnseen || status?.currentRevision !== status?.updateRevision || updatedReplicas < replicas;
  return {
    wanted,
    replicas,
    ready: readyReplicas,
    updated: updatedReplicas,
    isUnseen,
    isMixed,
    isDone: !isMixed && replicas === wanted,
  };
}

/** Whether the pod was made from the newest template that the set's controller knows. */
export const isUpdated = ({ status }: StatefulSet, { metadata }: Pod): boolean =>
  metadata.labels?.['controller-revision-hash'] === status?.updateRevision;
