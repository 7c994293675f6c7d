/** Roles that every cluster begins with. */
import type { Json, JsonObject } from '../../../../operator/schema/json.ts';

const api = 'rbac.authorization.k8s.io';
const everything: JsonObject = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
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

const roleRights = [rule([api], ['roles', 'rolebindings'], write)];

const selfReviews = [
  rule(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], ['create']),
  rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
];

/** `own` is what each begins with; its rules go on into the role `within` which it stands. */
const aggregated: readonly { name: string; own: Json[]; all: Json[]; within?: string }[] = [
  { name: 'view', own: viewed, all: viewed, within: 'edit' },
  { name: 'edit', own: edited, all: [...edited, ...viewed], within: 'admin' },
  { name: 'admin', own: roleRights, all: [...roleRights, ...edited, ...viewed] },
];

const roles: Readonly<Record<string, Json[]>> = {
  'cluster-admin': [everything, { nonResourceURLs: ['*'], verbs: ['*'] }],
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

const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const labelTo = (role: string): Record<string, string> => ({
  [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true',
});

const clusterRole = (name: string, more: Record<string, string>, rules: Json[]): JsonObject => ({
  apiVersion: `${api}/v1`,
  kind: 'ClusterRole',
  metadata: { name, labels: { ...labels, ...more } },
  rules,
});

export const bootstrapRoles = (): JsonObject[] => [
  ...Object.entries(roles).map(([name, rules]) => clusterRole(name, {}, rules)),
  ...aggregated.map(({ name, own }) => clusterRole(`system:aggregate-to-${name}`, labelTo(name), own)),
  // With their first rules, so that they are worth something before the controller that gathers them runs.
  ...aggregated.map(({ name, all, within }) => ({
    ...clusterRole(name, within === undefined ? {} : labelTo(within), all),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: labelTo(name) }] },
  })),
];

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
