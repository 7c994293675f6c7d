/**
 * The caches, and how their changes become keys: one reflector per kind and namespace, all of owned objects by label, so
 * that a big cluster's other objects are never held. Secrets are not watched at all.
 */
import type { Logger } from 'pino';
import type { Clock, Random } from '../common/clock.ts';
import { kind as clusterKind, schedulerClusters } from './api/group.ts';
import { ownedSelector } from './api/labels.ts';
import { nameOfKey } from './api/names.ts';
import type { SchedulerCluster } from './api/schedulercluster.gen.ts';
import { wishOf } from './api/wish.ts';
import type { Kube, KubeObject, ObjectName, Resource } from './kube/kube.ts';
import type { ReflectorMetricsOf } from './kube/metrics.ts';
import { keyOf, ownerUids, type ObjectReader } from './kube/object-cache.ts';
import { keptPods } from './kube/kept-pods.ts';
import { OptionalKind, type Presence } from './kube/optional-kind.ts';
import { Reflector } from './kube/reflector.ts';
import {
  configMaps,
  ingresses,
  networkPolicies,
  podDisruptionBudgets,
  podMonitors,
  pods,
  prometheusRules,
  serviceAccounts,
  services,
  statefulSets,
} from './kube/resources.ts';
import { ownerIndex, type Caches } from './reconcile/deps.ts';
import type { OwnWrites } from './reconcile/own-writes.ts';

export interface WatchOptions {
  readonly kube: Pick<Kube, 'list' | 'watch'>;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Asks for a look at a cluster. */
  readonly wake: (key: string) => void;
  readonly ownWrites: Pick<OwnWrites, 'seenGone'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics?: ReflectorMetricsOf;
}

export interface Watches {
  readonly caches: Caches;
  /**
   * Resolves to true when every cache of a namespace holds its first list, to false when stopped before. Where one namespace is not
   * known yet, perhaps because a Role is missing there, nobody is woken, and the others do not wait for it.
   */
  readonly synced: Promise<boolean>;
  /** Kinds whose first list has not come yet, and where. */
  unsynced(): string[];
  stop(): void;
}

type AnyReflector = Pick<Reflector<KubeObject>, 'isSynced' | 'synced' | 'stop'>;

interface OptionalIn {
  /** Without it: all. */
  readonly namespace: string | undefined;
  readonly copy: OptionalKind<KubeObject>;
}

/** Everything that a cluster owns, and the pods of its StatefulSet. */
const ownedKinds: readonly Resource[] = [
  serviceAccounts,
  configMaps,
  services,
  podDisruptionBudgets,
  networkPolicies,
  ingresses,
  statefulSets,
  pods,
];

/** Owned too, where the cluster knows them. */
const optionalKinds: readonly Resource[] = [podMonitors, prometheusRules];

interface Started {
  readonly kind: string;
  /** Without it: all. */
  readonly namespace: string | undefined;
  readonly reflector: AnyReflector;
}

const placesOf = ({ namespaces }: WatchOptions): readonly (string | undefined)[] =>
  namespaces.length === 0 ? [undefined] : namespaces;

export function startWatches(given: WatchOptions): Watches {
  const known = new Set<string | undefined>();
  const isKnown = (namespace: string) => known.has(undefined) || known.has(namespace);
  const wake = (key: string) => {
    if (isKnown(nameOfKey(key).namespace)) given.wake(key);
  };
  const options = { ...given, wake };
  const started: Started[] = [];
  const clusters = startKind(schedulerClusters, {}, clusterChange(options.wake), options, started);
  const owned = new Map<string, ObjectReader<KubeObject>>(
    ownedKinds.map((resource) => [
      resource.kind,
      startKind(resource, { labelSelector: ownedSelector }, ownedChange(resource, options), options, started),
    ]),
  );
  const optional = optionalKinds.map((resource) => {
    const kinds = startOptional(resource, () => clusters.list(), options, started);
    owned.set(resource.kind, union(kinds.map(({ copy }) => copy)));
    return [resource.kind, kinds] as const;
  });
  const optionalIn = new Map(optional);
  const copyOf = ({ kind }: Resource, namespace: string) =>
    optionalIn.get(kind)?.find((each) => each.namespace === undefined || each.namespace === namespace)?.copy;
  const readerOf = <T extends KubeObject>({ kind }: Resource<T>): ObjectReader<T> => {
    const reader = owned.get(kind);
    if (!reader) throw new Error(`${kind} is not watched`);
    return reader as ObjectReader<T>;
  };
  const becomesKnown = async (place: string | undefined): Promise<boolean> => {
    const here = started.filter(({ namespace }) => namespace === place);
    const all = await Promise.all(here.map(({ reflector }) => reflector.synced));
    if (!all.every(Boolean)) return false;
    known.add(place);
    for (const { metadata } of clusters.list())
      if (place === undefined || metadata.namespace === place) wake(keyOf(metadata));
    return true;
  };
  return {
    caches: {
      clusters,
      pods: readerOf(pods),
      owned: readerOf,
      presence: (resource, namespace): Presence => copyOf(resource, namespace)?.presence ?? 'served',
      missed: (resource, namespace) => copyOf(resource, namespace)?.missed(),
    },
    synced: firstTrue(placesOf(options).map(becomesKnown)),
    unsynced: () => [...new Set(started.filter(({ reflector }) => !reflector.isSynced).map(titleOf))],
    stop: () => {
      for (const { reflector } of started) reflector.stop();
    },
  };
}

const titleOf = ({ kind, namespace }: Started): string =>
  namespace === undefined ? kind : `${kind} in ${namespace}`;

/** True with the first that is, false when none will be. */
function firstTrue(each: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve) => {
    for (const one of each)
      void one.then((isTrue) => {
        if (isTrue) resolve(true);
      });
    void Promise.all(each).then((all) => {
      resolve(all.some(Boolean));
    });
  });
}

type Change<T extends KubeObject> = (key: string, before: T | undefined, after: T | undefined) => void;

function startKind<T extends KubeObject>(
  resource: Resource<T>,
  query: { readonly labelSelector?: string },
  onChange: Change<T>,
  options: WatchOptions,
  started: Started[],
): ObjectReader<T> {
  const { kube, clock, random, log, metrics } = options;
  const reflectors = placesOf(options).map((namespace) => {
    const reflector = new Reflector<T>({
      kube,
      resource,
      query: { namespace, ...query },
      clock,
      random,
      log: log.child({ kind: resource.kind }),
      indexes: { [ownerIndex]: ownerUids },
      onChange,
      ...(resource.kind === pods.kind ? { transform: keptPods() as unknown as (pod: T) => T } : {}),
      ...(metrics ? { metrics: metrics.hooks(resource) } : {}),
    });
    metrics?.follow(resource, reflector);
    started.push({ kind: resource.kind, namespace, reflector });
    return reflector;
  });
  return union(reflectors);
}

/** When such a kind comes, whoever missed it wants a look. */
function startOptional(
  resource: Resource,
  clusters: () => readonly SchedulerCluster[],
  options: WatchOptions,
  started: Started[],
): OptionalIn[] {
  const { kube, clock, random, log, metrics, wake } = options;
  return placesOf(options).map((namespace) => {
    const copy = new OptionalKind<KubeObject>({
      kube,
      resource,
      query: { namespace, labelSelector: ownedSelector },
      clock,
      random,
      // That it is not there is told by the clusters that miss it.
      log: log.child({ kind: resource.kind }, { level: 'error' }),
      indexes: { [ownerIndex]: ownerUids },
      onChange: ownedChange(resource, options),
      onPresence: () => {
        for (const { metadata } of clusters()) wake(keyOf(metadata));
      },
      ...(metrics ? { metrics: metrics.hooks(resource) } : {}),
    });
    metrics?.follow(resource, copy);
    started.push({ kind: resource.kind, namespace, reflector: copy });
    return { namespace, copy };
  });
}

/** One reader over the caches of several namespaces. */
function union<T extends KubeObject>(readers: readonly ObjectReader<T>[]): ObjectReader<T> {
  return {
    get: (name: ObjectName) => readers.map((reader) => reader.get(name)).find((found) => found !== undefined),
    list: () => readers.flatMap((reader) => reader.list()),
    byIndex: (index, value) => readers.flatMap((reader) => reader.byIndex(index, value)),
  };
}

/** A change of the status alone is our own doing and asks for nothing. */
function clusterChange(wake: (key: string) => void): Change<SchedulerCluster> {
  return (key, before, after) => {
    if (before && after && wishOf(before) === wishOf(after)) return;
    wake(key);
  };
}

function ownedChange(resource: Resource, { wake, ownWrites }: WatchOptions): Change<KubeObject> {
  return (_key, before, after) => {
    if (before && !after) ownWrites.seenGone(resource, before);
    const owner = ownerOf(after ?? before);
    if (owner !== undefined) wake(owner);
  };
}

/** The key of the cluster an object belongs to; a pod belongs to the StatefulSet of the cluster's name. A pod of its Redis wakes nobody: its StatefulSet says as much. */
function ownerOf(object: KubeObject | undefined): string | undefined {
  const owner = object?.metadata.ownerReferences?.find(
    ({ controller, kind }) => controller && (kind === clusterKind || kind === statefulSets.kind),
  );
  if (!object || !owner) return undefined;
  const { namespace = '' } = object.metadata;
  return keyOf({ namespace, name: owner.name });
}
