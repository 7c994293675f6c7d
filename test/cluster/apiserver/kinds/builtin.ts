/** Every built-in kind that is served, one line each. Kinds nobody here uses are left out, as an empty group would be. */
import { autoscalerStrategy } from './autoscalers.ts';
import { coreEventForm, coreEventStrategy, newEventForm, newEventStrategy } from './events.ts';
import type { ScalePaths } from '../../../../operator/schema/custom-resource.ts';
import type { Kind, Strategy } from './kind.ts';
import * as plain from './plain.ts';
import { podStrategy } from './pods.ts';
import { clusterAddresses, ingressStrategy, networkPolicyStrategy, serviceStrategy } from './services.ts';
import * as workloads from './workloads.ts';
import { definitionStrategy } from '../custom/definition.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { builtinColumns } from '../read/columns.ts';

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const workloadScale: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
};

interface Entry {
  readonly model?: string;
  readonly shortNames?: string[];
  readonly categories?: string[];
  readonly singular?: string;
  readonly cluster?: true;
  readonly hasStatus?: true;
  readonly hasGeneration?: true;
  readonly scale?: ScalePaths;
  readonly subresources?: string[];
  readonly storage?: string;
  readonly fromStorage?: (object: ApiObject) => ApiObject;
  readonly toStorage?: (object: ApiObject) => ApiObject;
}

/** `groupVersion/plural Kind`, its rules and what differs from the plain case. */
function kind(path: string, name: string, strategy: Strategy, entry: Entry = {}): Kind {
  const [plural = '', version = '', group = ''] = path.split('/').reverse();
  const { model = `V1${name}`, cluster = false, ...rest } = entry;
  return {
    group,
    version,
    kind: name,
    listKind: `${name}List`,
    plural,
    singular: name.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: !cluster,
    verbs: allVerbs,
    hasStatus: false,
    hasGeneration: false,
    subresources: [],
    schema: { $ref: model },
    columns: builtinColumns(group, plural),
    strategy,
    custom: false,
    storage: `${group}/${plural}`,
    ...rest,
  };
}

const core = (services: () => readonly ApiObject[]): Kind[] => [
  kind('v1/namespaces', 'Namespace', plain.namespaceStrategy, {
    shortNames: ['ns'],
    cluster: true,
    hasStatus: true,
    subresources: ['finalize'],
  }),
  kind('v1/pods', 'Pod', podStrategy, {
    shortNames: ['po'],
    categories: ['all'],
    hasStatus: true,
    hasGeneration: true,
    subresources: ['binding', 'eviction', 'exec', 'log', 'proxy'],
  }),
  kind('v1/services', 'Service', serviceStrategy(clusterAddresses(services)), {
    shortNames: ['svc'],
    categories: ['all'],
    hasStatus: true,
  }),
  kind('v1/endpoints', 'Endpoints', plain.subdomainNamed, { shortNames: ['ep'], singular: 'endpoints' }),
  kind('v1/configmaps', 'ConfigMap', plain.configMapStrategy, { shortNames: ['cm'] }),
  kind('v1/secrets', 'Secret', plain.secretStrategy),
  kind('v1/serviceaccounts', 'ServiceAccount', plain.subdomainNamed, {
    shortNames: ['sa'],
    subresources: ['token'],
  }),
  kind('v1/events', 'Event', coreEventStrategy, {
    shortNames: ['ev'],
    model: 'CoreV1Event',
    storage: 'events',
  }),
  kind('v1/nodes', 'Node', plain.nodeStrategy, { shortNames: ['no'], cluster: true, hasStatus: true }),
  kind('v1/persistentvolumes', 'PersistentVolume', plain.volumeStrategy, {
    shortNames: ['pv'],
    cluster: true,
    hasStatus: true,
  }),
  kind('v1/persistentvolumeclaims', 'PersistentVolumeClaim', plain.claimStrategy, {
    shortNames: ['pvc'],
    hasStatus: true,
  }),
];

const workload = { categories: ['all'], hasStatus: true, hasGeneration: true, scale: workloadScale } as const;

const apps: Kind[] = [
  kind('apps/v1/statefulsets', 'StatefulSet', workloads.statefulSetStrategy, {
    ...workload,
    categories: ['all'],
    shortNames: ['sts'],
  }),
  kind('apps/v1/deployments', 'Deployment', workloads.deploymentStrategy, {
    ...workload,
    categories: ['all'],
    shortNames: ['deploy'],
  }),
  kind('apps/v1/replicasets', 'ReplicaSet', workloads.replicaSetStrategy, {
    ...workload,
    categories: ['all'],
    shortNames: ['rs'],
  }),
  kind('apps/v1/controllerrevisions', 'ControllerRevision', workloads.controllerRevisionStrategy),
];

const rbac = 'rbac.authorization.k8s.io/v1';

const others: Kind[] = [
  kind('policy/v1/poddisruptionbudgets', 'PodDisruptionBudget', plain.budgetStrategy, {
    shortNames: ['pdb'],
    hasStatus: true,
    hasGeneration: true,
  }),
  kind('autoscaling/v2/horizontalpodautoscalers', 'HorizontalPodAutoscaler', autoscalerStrategy, {
    model: 'V2HorizontalPodAutoscaler',
    shortNames: ['hpa'],
    categories: ['all'],
    hasStatus: true,
  }),
  kind('coordination.k8s.io/v1/leases', 'Lease', plain.leaseStrategy),
  kind('events.k8s.io/v1/events', 'Event', newEventStrategy, {
    shortNames: ['ev'],
    model: 'EventsV1Event',
    storage: 'events',
    fromStorage: newEventForm,
    toStorage: coreEventForm,
  }),
  kind('discovery.k8s.io/v1/endpointslices', 'EndpointSlice', plain.subdomainNamed, { hasGeneration: true }),
  kind(`${rbac}/roles`, 'Role', plain.roleStrategy),
  kind(`${rbac}/rolebindings`, 'RoleBinding', plain.roleBindingStrategy),
  kind(`${rbac}/clusterroles`, 'ClusterRole', plain.roleStrategy, { cluster: true }),
  kind(`${rbac}/clusterrolebindings`, 'ClusterRoleBinding', plain.roleBindingStrategy, { cluster: true }),
  kind('networking.k8s.io/v1/networkpolicies', 'NetworkPolicy', networkPolicyStrategy, {
    shortNames: ['netpol'],
    hasGeneration: true,
  }),
  kind('networking.k8s.io/v1/ingresses', 'Ingress', ingressStrategy, {
    shortNames: ['ing'],
    hasStatus: true,
    hasGeneration: true,
  }),
  kind('apiextensions.k8s.io/v1/customresourcedefinitions', 'CustomResourceDefinition', definitionStrategy, {
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    cluster: true,
    hasStatus: true,
    hasGeneration: true,
  }),
];

/** `services` lists the Services that exist, so that no address is given twice. */
export const builtinKinds = (services: () => readonly ApiObject[]): Kind[] => [
  ...core(services),
  ...apps,
  ...others,
];
