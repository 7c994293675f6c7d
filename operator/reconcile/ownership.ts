/** Whose an object is. Names and labels can be anybody's; only the controller's uid counts. */
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { KubeObject } from '../kube/kube.ts';

export function isOwnedBy(object: KubeObject, { metadata }: SchedulerCluster): boolean {
  const controller = object.metadata.ownerReferences?.find((owner) => owner.controller);
  return controller !== undefined && controller.uid === metadata.uid;
}

/** For people: who has the object instead. */
export function describeOwner(object: KubeObject): string {
  const controller = object.metadata.ownerReferences?.find((owner) => owner.controller);
  return controller
    ? `belongs to ${controller.kind} ${controller.name} (uid ${controller.uid})`
    : 'belongs to nobody';
}
