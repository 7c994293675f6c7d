/** Roles that every cluster begins with. */
import type { Json, JsonObject } from '../../../../operator/schema/json.ts';

const all: JsonObject = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const read = ['get', 'list', 'watch'];
const write = [...read, 'create', 'delete', 'deletecollection', 'patch', 'update'];

const rule = (apiGroups: string[], resources: string[], verbs: string[]): JsonObject => ({
  apiGroups,
  resources,
  verbs,
});
const paths = (...nonResourceURLs: string[]): JsonObject => ({ nonResourceURLs, verbs: ['get'] });

const discovery = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];
const coreObjects = [
  'configmaps',
  'endpoints',
  'persistentvolumeclaims',
  'pods',
  'pods/log',
  'pods/status',
  'serviceaccounts',
  'services',
  'events',
  'namespaces',
];
const appObjects = [
  'controllerrevisions',
  'deployments',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
];

const viewed = [
  rule([''], coreObjects, read),
  rule(['apps'], appObjects, read),
  rule(['autoscaling'], ['horizontalpodautoscalers'], read),
  rule(['policy'], ['poddisruptionbudgets'], read),
  rule(['networking.k8s.io'], ['ingresses', 'networkpolicies'], read),
];

const edited = [
  ...viewed,
  rule(
    [''],
    [...coreObjects.filter((name) => !['events', 'namespaces'].includes(name)), 'secrets', 'pods/eviction'],
    write,
  ),
  rule(['apps'], appObjects, write),
  rule(['autoscaling'], ['horizontalpodautoscalers'], write),
  rule(['policy'], ['poddisruptionbudgets'], write),
  rule(['networking.k8s.io'], ['ingresses', 'networkpolicies'], write),
];

const selfReviews = [
  rule(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
  rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
];

const roles: Readonly<Record<string, Json[]>> = {
  'cluster-admin': [all, { nonResourceURLs: ['*'], verbs: ['*'] }],
  admin: [...edited, rule(['rbac.authorization.k8s.io'], ['roles', 'rolebindings'], write)],
  edit: edited,
  view: viewed,
  'system:basic-user': selfReviews,
  'system:discovery': [paths(...discovery)],
  'system:public-info-viewer': [paths('/healthz', '/livez', '/readyz', '/version', '/version/')],
};

const bindings: readonly (readonly [role: string, group: string])[] = [
  ['cluster-admin', 'system:masters'],
  ['system:basic-user', 'system:authenticated'],
  ['system:discovery', 'system:authenticated'],
  ['system:public-info-viewer', 'system:authenticated'],
  ['system:public-info-viewer', 'system:unauthenticated'],
];

const api = 'rbac.authorization.k8s.io';
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

export const bootstrapRoles = (): JsonObject[] =>
  Object.entries(roles).map(([name, rules]) => ({
    apiVersion: `${api}/v1`,
    kind: 'ClusterRole',
    metadata: { name, labels },
    rules,
  }));

export function bootstrapBindings(): JsonObject[] {
  const groups = Map.groupBy(bindings, ([role]) => role);
  return [...groups].map(([name, subjects]) => ({
    apiVersion: `${api}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels },
    roleRef: { apiGroup: api, kind: 'ClusterRole', name },
    subjects: subjects.map(([, group]) => ({ apiGroup: api, kind: 'Group', name: group })),
  }));
}
