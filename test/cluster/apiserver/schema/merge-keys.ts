/**
 * How lists and structs of the built-in kinds are merged, by patches and by server-side apply. The client library's
 * models carry names and types only; this is the documented remainder.
 */
import type { Schema } from '../../../../operator/schema/schema.ts';

/** `model.field` to the list's keys; the first is also the merge key of strategic merge patches. */
const listMapKeys: Readonly<Record<string, readonly string[]>> = {
  'V1PodSpec.containers': ['name'],
  'V1PodSpec.initContainers': ['name'],
  'V1PodSpec.ephemeralContainers': ['name'],
  'V1PodSpec.volumes': ['name'],
  'V1PodSpec.imagePullSecrets': ['name'],
  'V1PodSpec.hostAliases': ['ip'],
  'V1PodSpec.topologySpreadConstraints': ['topologyKey', 'whenUnsatisfiable'],
  'V1PodSpec.schedulingGates': ['name'],
  'V1PodSpec.resourceClaims': ['name'],
  'V1Container.env': ['name'],
  'V1Container.ports': ['containerPort', 'protocol'],
  'V1Container.volumeMounts': ['mountPath'],
  'V1Container.volumeDevices': ['devicePath'],
  'V1ResourceRequirements.claims': ['name'],
  'V1ObjectMeta.ownerReferences': ['uid'],
  'V1PodStatus.conditions': ['type'],
  'V1PodStatus.podIPs': ['ip'],
  'V1ServiceSpec.ports': ['port', 'protocol'],
  'V1ServiceStatus.conditions': ['type'],
  'V1ServiceAccount.secrets': ['name'],
  'V1StatefulSetStatus.conditions': ['type'],
  'V1DeploymentStatus.conditions': ['type'],
  'V1ReplicaSetStatus.conditions': ['type'],
  'V1NamespaceStatus.conditions': ['type'],
  'V1NodeStatus.conditions': ['type'],
  'V1NodeStatus.addresses': ['type'],
  'V1PodDisruptionBudgetStatus.conditions': ['type'],
  'V2HorizontalPodAutoscalerStatus.conditions': ['type'],
  'V1CustomResourceDefinitionStatus.conditions': ['type'],
  'V1PersistentVolumeClaimStatus.conditions': ['type'],
};

const sets: ReadonlySet<string> = new Set([
  'V1ObjectMeta.finalizers',
  'V1NodeSpec.podCIDRs',
  'V1Endpoint.addresses',
]);

/** Structs and maps that one manager owns as a whole. */
const atomicModels: ReadonlySet<string> = new Set([
  'V1LabelSelector',
  'V1ObjectReference',
  'V1LocalObjectReference',
  'V1SecretKeySelector',
  'V1ConfigMapKeySelector',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1OwnerReference',
  'V1TypedLocalObjectReference',
  'V1SecretReference',
  'V1ServiceBackendPort',
  'V1RoleRef',
  'RbacV1Subject',
]);

const atomicMaps: ReadonlySet<string> = new Set([
  'V1PodSpec.nodeSelector',
  'V1ServiceSpec.selector',
  'V1ReplicationControllerSpec.selector',
]);

/** A patch of these replaces what it does not name, because their fields exclude each other. */
const retainKeys: ReadonlySet<string> = new Set(['V1PodSpec.volumes', 'V1DeploymentSpec.strategy']);

const containers = (model: string): string => (model === 'V1EphemeralContainer' ? 'V1Container' : model);

export function listSemantics(model: string, field: string): Partial<Schema> {
  const key = `${containers(model)}.${field}`;
  const keys = listMapKeys[key];
  if (keys) {
    return {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': keys,
      'x-kubernetes-patch-merge-key': keys[0] ?? '',
      'x-kubernetes-patch-strategy': retainKeys.has(key) ? 'merge,retainKeys' : 'merge',
    };
  }
  if (!sets.has(key)) return { 'x-kubernetes-list-type': 'atomic' };
  return { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
}

export function structSemantics(model: string, field: string, fieldModel: string): Partial<Schema> {
  const key = `${model}.${field}`;
  if (atomicModels.has(fieldModel) || atomicMaps.has(key)) return { 'x-kubernetes-map-type': 'atomic' };
  return retainKeys.has(key) ? { 'x-kubernetes-patch-strategy': 'retainKeys' } : {};
}

/** Whether list items of this model are atomic themselves. */
export const isAtomicModel = (model: string): boolean => atomicModels.has(model);

/** Keys of a list may be left out where they have a default. */
export const keyDefault = (model: string, field: string): Partial<Schema> =>
  field === 'protocol' && (model === 'V1ContainerPort' || model === 'V1ServicePort')
    ? { default: 'TCP' }
    : {};
