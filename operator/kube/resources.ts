/**
 * The kinds we use, and their types as they are on the wire. The client's models describe decoded objects, with `Date`s;
 * nothing here decodes, so every time is the string that the server sent.
 */
import type {
  EventsV1Event,
  V1ClusterRole,
  V1ConfigMap,
  V1ControllerRevision,
  V1CustomResourceDefinition,
  V1Deployment,
  V1Endpoints,
  V1EndpointSlice,
  V1Ingress,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplateSpec,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { KubeObject, Resource } from './kube.ts';

/**
 * A model with every `Date` as the RFC 3339 string it was sent as, at any depth, and without the underscore that the models put
 * before words of the language, as in `_from`.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T as K extends `_${infer Name}` ? Name : K]: Wire<T[K]> }
      : T;

type WireObject<Model> = KubeObject & Omit<Wire<Model>, keyof KubeObject>;

export type ClusterRole = WireObject<V1ClusterRole>;
export type ConfigMap = WireObject<V1ConfigMap>;
export type ControllerRevision = WireObject<V1ControllerRevision>;
export type CustomResourceDefinition = WireObject<V1CustomResourceDefinition>;
export type Deployment = WireObject<V1Deployment>;
export type Endpoints = WireObject<V1Endpoints>;
export type EndpointSlice = WireObject<V1EndpointSlice>;
export type Event = WireObject<EventsV1Event>;
export type Ingress = WireObject<V1Ingress>;
export type Lease = WireObject<V1Lease>;
export type Namespace = WireObject<V1Namespace>;
export type NetworkPolicy = WireObject<V1NetworkPolicy>;
export type Node = WireObject<V1Node>;
export type PersistentVolume = WireObject<V1PersistentVolume>;
export type PersistentVolumeClaim = WireObject<V1PersistentVolumeClaim>;
export type Pod = WireObject<V1Pod>;
export type PodDisruptionBudget = WireObject<V1PodDisruptionBudget>;
export type Role = WireObject<V1Role>;
export type RoleBinding = WireObject<V1RoleBinding>;
export type Secret = WireObject<V1Secret>;
export type Service = WireObject<V1Service>;
export type ServiceAccount = WireObject<V1ServiceAccount>;
export type StatefulSet = WireObject<V1StatefulSet>;

/** Of the Prometheus operator; the client's models do not know its kinds. Only what is written here. */
export type PodMonitor = KubeObject & {
  spec: {
    jobLabel: string;
    selector: { matchLabels: Readonly<Record<string, string>> };
    podMetricsEndpoints: readonly object[];
  };
};
export type PrometheusRule = KubeObject & { spec: { groups: readonly object[] } };

/** The pod template inside a workload: not an object of its own, so it has neither kind nor name. */
export type PodTemplate = Wire<V1PodTemplateSpec>;

const resource = <T extends KubeObject>(apiVersion: string, kind: string, plural: string): Resource<T> => ({
  apiVersion,
  kind,
  plural,
});

export const configMaps = resource<ConfigMap>('v1', 'ConfigMap', 'configmaps');
export const endpoints = resource<Endpoints>('v1', 'Endpoints', 'endpoints');
export const namespaces = resource<Namespace>('v1', 'Namespace', 'namespaces');
export const nodes = resource<Node>('v1', 'Node', 'nodes');
export const persistentVolumeClaims = resource<PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const persistentVolumes = resource<PersistentVolume>('v1', 'PersistentVolume', 'persistentvolumes');
export const pods = resource<Pod>('v1', 'Pod', 'pods');
export const secrets = resource<Secret>('v1', 'Secret', 'secrets');
export const serviceAccounts = resource<ServiceAccount>('v1', 'ServiceAccount', 'serviceaccounts');
export const services = resource<Service>('v1', 'Service', 'services');

export const controllerRevisions = resource<ControllerRevision>(
  'apps/v1',
  'ControllerRevision',
  'controllerrevisions',
);
export const deployments = resource<Deployment>('apps/v1', 'Deployment', 'deployments');
export const statefulSets = resource<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets');

export const endpointSlices = resource<EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
);
export const events = resource<Event>('events.k8s.io/v1', 'Event', 'events');
export const leases = resource<Lease>('coordination.k8s.io/v1', 'Lease', 'leases');
export const podDisruptionBudgets = resource<PodDisruptionBudget>(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);

export const ingresses = resource<Ingress>('networking.k8s.io/v1', 'Ingress', 'ingresses');
export const networkPolicies = resource<NetworkPolicy>(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  'networkpolicies',
);

export const podMonitors = resource<PodMonitor>('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors');
export const prometheusRules = resource<PrometheusRule>(
  'monitoring.coreos.com/v1',
  'PrometheusRule',
  'prometheusrules',
);

export const clusterRoles = resource<ClusterRole>(
  'rbac.authorization.k8s.io/v1',
  'ClusterRole',
  'clusterroles',
);
export const roleBindings = resource<RoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'RoleBinding',
  'rolebindings',
);
export const roles = resource<Role>('rbac.authorization.k8s.io/v1', 'Role', 'roles');

export const customResourceDefinitions = resource<CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
);
