/** What is served, told in both forms that clients ask for: everything at once, or document by document. */
import { reviews } from '../auth/reviews.ts';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import { groupVersion, type Kind } from '../kinds/kind.ts';
import type { Registry } from '../kinds/registry.ts';
import { UnknownPath } from '../status.ts';

const aggregated =
  /application\/json;[^,]*g=apidiscovery\.k8s\.io;[^,]*v=(v2|v2beta1);[^,]*as=APIGroupDiscoveryList/;

export interface DiscoveryAnswer {
  readonly type: string;
  readonly body: JsonObject;
}

/** The document at /api, /apis or below; throws 404 where there is none. */
export function discovery(registry: Registry, path: string, accept: string): DiscoveryAnswer {
  const parts = path.split('/').filter((part) => part !== '');
  const [root = '', group = '', version = ''] = parts;
  if (parts.length === 1) return rootDocument(registry, root, accept);
  if (root === 'api' && parts.length === 2) return plain(resourceList(registry, '', group));
  if (parts.length === 2) return plain(apiGroup(registry, group));
  return plain(resourceList(registry, group, version));
}

const plain = (body: JsonObject): DiscoveryAnswer => ({ type: 'application/json', body });

function rootDocument(registry: Registry, root: string, accept: string): DiscoveryAnswer {
  const version = aggregated.exec(accept)?.[1];
  if (version !== undefined) return aggregatedDocument(registry, root, version);
  if (root === 'api')
    return plain({ kind: 'APIVersions', apiVersion: 'v1', versions: ['v1'], serverAddressByClientCIDRs: [] });
  const groups = groupsOf(registry).map((group) => apiGroup(registry, group));
  return plain({ kind: 'APIGroupList', apiVersion: 'v1', groups });
}

const first = (kinds: readonly Kind[]): string[] => [...new Set(kinds.map(({ group }) => group))];

const groupsOf = (registry: Registry): string[] =>
  [...new Set([...first(registry.all()), ...Object.keys(reviews)])].filter((group) => group !== '');

/** Newest stable version first, as clients prefer it: v2, v1, v1beta1, v1alpha1. */
export function versionsOf(registry: Registry, group: string): string[] {
  const versions = new Set(registry.ofGroup(group).map(({ version }) => version));
  if (reviews[group]) versions.add('v1');
  return [...versions].sort((a, b) => priority(b) - priority(a));
}

function priority(version: string): number {
  const [, major = '0', stage, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  const rank = stage === undefined ? 2 : stage === 'beta' ? 1 : 0;
  return rank * 1_000_000 + Number(major) * 1_000 + Number(minor);
}

function apiGroup(registry: Registry, group: string): JsonObject {
  const versions = versionsOf(registry, group).map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }));
  if (versions.length === 0) throw new UnknownPath();
  return { kind: 'APIGroup', apiVersion: 'v1', name: group, versions, preferredVersion: versions[0] ?? {} };
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

const doors: Readonly<Record<string, Omit<Resource, 'name'>>> = {
  scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] },
  binding: { kind: 'Binding', group: '', version: 'v1', verbs: ['create'] },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  log: { kind: 'Pod', group: '', version: 'v1', verbs: ['get'] },
  exec: { kind: 'PodExecOptions', group: '', version: 'v1', verbs: ['create', 'get'] },
  proxy: { kind: 'PodProxyOptions', group: '', version: 'v1', verbs: ['get'] },
  token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  finalize: { kind: 'Namespace', group: '', version: 'v1', verbs: ['update'] },
};

function subresourcesOf(kind: Kind): Resource[] {
  const { group, version } = kind;
  const own = { kind: kind.kind, group, version };
  const names = [...kind.subresources, ...(kind.scale ? ['scale'] : [])];
  return [
    ...names.map((name) => ({ name, ...(doors[name] ?? { ...own, verbs: ['get'] }) })),
    ...(kind.hasStatus ? [{ name: 'status', ...own, verbs: ['get', 'patch', 'update'] }] : []),
  ];
}

function resourceList(registry: Registry, group: string, version: string): JsonObject {
  const kinds = registry.ofGroup(group).filter((kind) => kind.version === version);
  if (!versionsOf(registry, group).includes(version)) throw new UnknownPath();
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion({ group, version }),
    resources: [...kinds.flatMap(resourceEntries), ...reviewEntries(group)],
  };
}

function resourceEntries(kind: Kind): JsonObject[] {
  const { plural, singular, namespaced, shortNames, categories, verbs } = kind;
  const main: JsonObject = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: [...verbs],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
    storageVersionHash: Buffer.from(kind.storage).toString('base64').slice(0, 11) + '=',
  };
  return [main, ...subresourcesOf(kind).map((door) => subresourceEntry(kind, door))];
}

const subresourceEntry = (kind: Kind, door: Resource): JsonObject => ({
  name: `${kind.plural}/${door.name}`,
  singularName: '',
  namespaced: kind.namespaced,
  ...(door.group === kind.group ? {} : { group: door.group, version: door.version }),
  kind: door.kind,
  verbs: [...door.verbs],
});

const reviewEntries = (group: string): JsonObject[] =>
  Object.entries(reviews[group] ?? {}).map(([name, kind]) => ({
    name,
    singularName: kind.toLowerCase(),
    namespaced: name.startsWith('local'),
    kind,
    verbs: ['create'],
  }));

function aggregatedDocument(registry: Registry, root: string, version: string): DiscoveryAnswer {
  const groups = root === 'api' ? [''] : groupsOf(registry);
  return {
    type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body: {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: groups.map((group) => groupEntry(registry, group)),
    },
  };
}

const groupEntry = (registry: Registry, group: string): JsonObject => ({
  metadata: { ...(group ? { name: group } : {}), creationTimestamp: null },
  versions: versionsOf(registry, group).map((version) => ({
    version,
    freshness: 'Current',
    resources: [
      ...registry
        .ofGroup(group)
        .filter((kind) => kind.version === version)
        .map(aggregatedResource),
      ...aggregatedReviews(group),
    ],
  })),
});

function aggregatedResource(kind: Kind): JsonObject {
  const { group, version, shortNames, categories } = kind;
  const doors = subresourcesOf(kind).map((door) => ({
    subresource: door.name,
    responseKind: { group: door.group, version: door.version, kind: door.kind },
    verbs: [...door.verbs],
  }));
  return {
    resource: kind.plural,
    responseKind: { group, version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: [...kind.verbs],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
    ...(doors.length > 0 ? { subresources: doors } : {}),
  };
}

const aggregatedReviews = (group: string): JsonObject[] =>
  Object.entries(reviews[group] ?? {}).map(([resource, kind]) => ({
    resource,
    responseKind: { group, version: 'v1', kind },
    scope: resource.startsWith('local') ? 'Namespaced' : 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: ['create'],
  }));
