/** What a StatefulSet says about itself. Pure. */
import type { Pod, StatefulSet } from '../../../../operator/kube/resources.ts';
import { isAvailable, isCreated, isRunningAndReady, isTerminating } from '../pods.ts';
import { replicasOf } from './identity.ts';
import { podRevision, type Revisions } from './revisions.ts';

export type SetStatus = NonNullable<StatefulSet['status']>;

/** @param pods the pods this set controls */
export function setStatus(
  set: StatefulSet,
  { current, update }: Revisions,
  pods: readonly Pod[],
  nowMs: number,
): SetStatus {
  const created = pods.filter(isCreated);
  const staying = created.filter((pod) => !isTerminating(pod));
  const at = (name: string) => staying.filter((pod) => podRevision(pod) === name).length;
  const counted: SetStatus = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: created.length,
    readyReplicas: created.filter(isRunningAndReady).length,
    availableReplicas: created.filter((pod) => isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs))
      .length,
    currentReplicas: at(current.metadata.name),
    updatedReplicas: at(update.metadata.name),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
  };
  return rollingUpdateIsComplete(set, counted) ? completed(counted) : counted;
}

/** The update revision becomes the current one only when every wanted replica runs it and is ready. */
function rollingUpdateIsComplete(set: StatefulSet, status: SetStatus): boolean {
  if (set.spec?.updateStrategy?.type === 'OnDelete') return false;
  const wanted = replicasOf(set);
  return status.replicas === wanted && status.updatedReplicas === wanted && status.readyReplicas === wanted;
}

const completed = (status: SetStatus): SetStatus => ({
  ...status,
  currentRevision: status.updateRevision!,
  currentReplicas: status.updatedReplicas!,
});
