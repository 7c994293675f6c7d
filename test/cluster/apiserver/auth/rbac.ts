/** Role-based access: may this user do this? Decided from the roles and bindings that are stored right now. */
import type { User } from '../api.ts';
import {
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { Store } from '../storage/store.ts';

export interface Attributes {
  readonly verb: string;
  readonly isResource: boolean;
  readonly path: string;
  readonly group: string;
  readonly plural: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const group = 'rbac.authorization.k8s.io';

export function isAllowed(store: Store, user: User, attributes: Attributes): boolean {
  if (user.groups.includes('system:masters')) return true;
  return rulesFor(store, user, attributes.namespace).some((rule) => covers(rule, attributes));
}

/** Every rule that some binding gives the user, cluster-wide or in the namespace. */
export function rulesFor(store: Store, user: User, namespace: string): JsonObject[] {
  const clusterWide = store.list(`${group}/clusterrolebindings`);
  const local = namespace === '' ? [] : store.list(`${group}/rolebindings`, namespace);
  return [...clusterWide, ...local]
    .filter((binding) =>
      objectsAt(binding, 'subjects').some((subject) => isSubject(subject, user, binding.metadata.namespace)),
    )
    .flatMap((binding) => rulesOf(store, objectAt(binding, 'roleRef') ?? {}, binding.metadata.namespace));
}

function isSubject(subject: JsonObject, user: User, bindingNamespace = ''): boolean {
  const name = stringAt(subject, 'name') ?? '';
  const kind = stringAt(subject, 'kind');
  if (kind === 'Group') return user.groups.includes(name);
  const namespace = stringAt(subject, 'namespace') ?? bindingNamespace;
  return user.name === (kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name);
}

function rulesOf(store: Store, role: JsonObject, namespace: string | undefined): JsonObject[] {
  const name = stringAt(role, 'name') ?? '';
  const found =
    role['kind'] === 'ClusterRole'
      ? store.get(`${group}/clusterroles`, undefined, name)
      : store.get(`${group}/roles`, namespace, name);
  return objectsAt(found, 'rules');
}

const includes = (rule: JsonObject, field: string, value: string): boolean => {
  const values = stringsAt(rule, field);
  return values.includes('*') || values.includes(value);
};

function covers(rule: JsonObject, attributes: Attributes): boolean {
  if (!includes(rule, 'verbs', attributes.verb)) return false;
  if (!attributes.isResource)
    return stringsAt(rule, 'nonResourceURLs').some((pattern) => matchesPath(pattern, attributes.path));
  const names = stringsAt(rule, 'resourceNames');
  return (
    includes(rule, 'apiGroups', attributes.group) &&
    coversResource(stringsAt(rule, 'resources'), attributes) &&
    (names.length === 0 || names.includes(attributes.name))
  );
}

function coversResource(resources: readonly string[], { plural, subresource }: Attributes): boolean {
  const full = subresource === '' ? plural : `${plural}/${subresource}`;
  return resources.some(
    (resource) =>
      resource === '*' || resource === full || (subresource !== '' && resource === `*/${subresource}`),
  );
}

const matchesPath = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;

/** The part of the refusal after "is forbidden:". */
export function refusal(user: User, attributes: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (!attributes.isResource) return `${who} path ${JSON.stringify(attributes.path)}`;
  const resource =
    attributes.subresource === '' ? attributes.plural : `${attributes.plural}/${attributes.subresource}`;
  const where =
    attributes.namespace === ''
      ? 'at the cluster scope'
      : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.group)} ${where}`;
}
