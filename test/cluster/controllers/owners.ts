/** Who owns what: the rules by which a controller claims, adopts and lets go of objects. */
import type { KubeObject, OwnerReference } from '../../../operator/kube/kube.ts';
import { selects, type LabelSelector } from './selector.ts';

export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true);

export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean =>
  controllerOf(object)?.uid === owner.metadata.uid;

/** The reference by which `owner` controls an object; the owner must have been stored, so that it has a uid. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

export type Claim = 'ours' | 'adopt' | 'release' | 'foreign';

/**
 * What an object is to a controller. Labels decide who may be adopted, the reference decides who is owned; neither is taken from
 * another controller, and an owner or object that is going away adopts and is adopted no more.
 */
export function claim(owner: KubeObject, selector: LabelSelector | undefined, object: KubeObject): Claim {
  const matches = selects(selector, object.metadata.labels);
  const controller = controllerOf(object);
  if (controller !== undefined) {
    if (controller.uid !== owner.metadata.uid) return 'foreign';
    return matches ? 'ours' : 'release';
  }
  const leaving = owner.metadata.deletionTimestamp ?? object.metadata.deletionTimestamp;
  return matches && leaving === undefined ? 'adopt' : 'foreign';
}

/** The references of an object without the one to this uid. */
export const withoutOwner = (object: KubeObject, uid: string | undefined): OwnerReference[] =>
  (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
