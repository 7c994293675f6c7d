/**
 * Everything that is done for a cluster, in order. A step may be repeated, and a pass may end after any of them: the next
 * one goes on from what it finds.
 */
import { toAppError } from '../../common/errors.ts';
import { templateHashAnnotation } from '../api/labels.ts';
import {
  disruptionBudgetName,
  headlessServiceName,
  ingressName,
  keyOf,
  monitorName,
  networkPolicyName,
  serviceAccountName,
  serviceName,
  statefulSetName,
} from '../api/names.ts';
import { planOf } from '../decide/plan.ts';
import { byOrdinal, isReady } from '../decide/pods.ts';
import { rolloutOf } from '../decide/rollout.ts';
import { ordinalsToConfigure, replicasAllowed } from '../decide/scale.ts';
import type { View } from '../decide/leaving.ts';
import type { KubeObject, Resource } from '../kube/kube.ts';
import type { Target } from '../instances/instances.ts';
import {
  configMaps,
  ingresses,
  networkPolicies,
  podDisruptionBudgets,
  podMonitors,
  prometheusRules,
  serviceAccounts,
  services,
  statefulSets,
  type ConfigMap,
  type Pod,
  type StatefulSet,
} from '../kube/resources.ts';
import { clientService } from '../resources/client-service.ts';
import { configMap, currentConfigMapName, withOrdinals } from '../resources/config-map.ts';
import { headlessService } from '../resources/headless-service.ts';
import { ingress } from '../resources/ingress.ts';
import { podMonitor } from '../resources/monitoring/pod-monitor.ts';
import { prometheusRule } from '../resources/monitoring/prometheus-rule.ts';
import { networkPolicy } from '../resources/network-policy.ts';
import { podDisruptionBudget } from '../resources/pod-disruption-budget.ts';
import { templateHash } from '../resources/pod-template.ts';
import { serviceAccount } from '../resources/service-account.ts';
import { statefulSet } from '../resources/stateful-set.ts';
import { keep } from './act.ts';
import { confirm, confirmPods } from './confirm.ts';
import { takeIn, viewOf, type Pass } from './pass.ts';
import { provideAdminToken } from './admin-token.ts';
import { announceRollout } from './announce-rollout.ts';
import { announceTimedOut, drainLeavers, replaceDrained } from './drain.ts';
import { keepEmbeddedRedis } from './embedded-redis.ts';
import { checkRedisSecrets } from './redis-secrets.ts';
import { removeUnusedConfigMaps } from './garbage.ts';

type Step = (pass: Pass) => Promise<unknown>;

export const steps: readonly (readonly [name: string, step: Step])[] = [
  // Pods run as it.
  [
    'ServiceAccount',
    (pass) => keep(pass, serviceAccounts, serviceAccountName(pass.cluster), serviceAccount(pass.cluster)),
  ],
  // Pods mount it.
  ['admin Secret', provideAdminToken],
  // Its password is mounted by the instances, and it is up before they ask for it.
  ['embedded Redis', keepEmbeddedRedis],
  // Pods mount them; they are the user's.
  ['Redis Secrets', checkRedisSecrets],
  // They are asked from now on, with that token.
  ['instances', followInstances],
  // Holds the file of every instance before the StatefulSet asks for the instance.
  ['ConfigMap', keepConfigMap],
  // Stable names before the first pod.
  [
    'headless Service',
    (pass) => keep(pass, services, headlessServiceName(pass.cluster), headlessService(pass.cluster)),
  ],
  ['client Service', (pass) => keep(pass, services, serviceName(pass.cluster), clientService(pass.cluster))],
  // Guards from the first pod on.
  [
    'NetworkPolicy',
    (pass) => keep(pass, networkPolicies, networkPolicyName(pass.cluster), networkPolicy(pass.cluster)),
  ],
  // Leads to the Service.
  ['Ingress', (pass) => keep(pass, ingresses, ingressName(pass.cluster), ingress(pass.cluster))],
  // Protects from the first pod on.
  [
    'PodDisruptionBudget',
    (pass) =>
      keep(pass, podDisruptionBudgets, disruptionBudgetName(pass.cluster), podDisruptionBudget(pass.cluster)),
  ],
  // Pods mount these; what an instance is told depends on them.
  ['what was read beside', takeInSecrets],
  // Before the StatefulSet takes their pods.
  ['drain', drainLeavers],
  // Last of what is made: everything it names exists.
  ['StatefulSet', keepStatefulSet],
  // A drain has no way back.
  ['replacements', replaceDrained],
  // Only what nothing names any more.
  ['old ConfigMaps', removeUnusedConfigMaps],
  // Last of all: the fleet works without them.
  ['PodMonitor', (pass) => keepWhereServed(pass, podMonitors, podMonitor(pass.cluster))],
  [
    'PrometheusRule',
    (pass) => keepWhereServed(pass, prometheusRules, prometheusRule(pass.cluster, pass.deps.runbookUrl)),
  ],
];

/** A kind that is not there stands in nobody's way; one that has just gone answers as one that is not found. */
async function keepWhereServed<T extends KubeObject>(
  pass: Pass,
  resource: Resource<T>,
  wish: T | undefined,
): Promise<void> {
  const { cluster, deps } = pass;
  const { namespace = '' } = cluster.metadata;
  if (deps.caches.presence(resource, namespace) !== 'served') {
    if (wish) deps.caches.missed(resource, namespace);
    return;
  }
  try {
    await keep(pass, resource, monitorName(cluster), wish);
  } catch (error) {
    if (toAppError(error).code !== 'not_found') throw error;
    deps.caches.missed(resource, namespace);
  }
}

async function keepConfigMap(pass: Pass): Promise<void> {
  const { cluster, seen } = pass;
  const name = currentConfigMapName(cluster);
  const wish = configMap(cluster, ordinalsToConfigure(cluster, seen, currentConfigMap(pass)));
  const live = await keep(pass, configMaps, name, wish);
  if (!live) return;
  const others = seen.configMaps.filter(({ metadata }) => metadata.name !== name);
  pass.seen = { ...seen, configMaps: [...others, live] };
  for (const former of others) await keepFormer(pass, former);
}

/** While an update is held or taken back, instances that are added run the former revision, with its configuration. */
async function keepFormer(pass: Pass, former: ConfigMap): Promise<void> {
  const { cluster, seen } = pass;
  if (!willBeMixed(pass) || former.metadata.deletionTimestamp) return;
  const wish = withOrdinals(cluster, former, ordinalsToConfigure(cluster, seen, former));
  if (!wish) return;
  const live = await keep(pass, configMaps, former.metadata.name, wish);
  pass.seen = {
    ...pass.seen,
    configMaps: pass.seen.configMaps.map((map) => (map === former && live ? live : map)),
  };
}

async function keepStatefulSet(pass: Pass): Promise<void> {
  const { cluster, seen } = pass;
  const plan = planOf(viewOf(pass));
  const replicas = Math.min(...inUse(pass).map((map) => replicasAllowed(cluster, map, plan.replicas)));
  const wish = statefulSet(cluster, { replicas, partition: plan.update.partition });
  if (seen.statefulSet && takesPods(seen.statefulSet, wish))
    await Promise.all([confirm(pass), confirmPods(pass, podsAsked)]);
  const live = await keep(pass, statefulSets, statefulSetName(cluster), wish);
  pass.seen = { ...seen, statefulSet: live };
  announceRollout(pass, plan, { before: seen.statefulSet, after: live });
  announceTimedOut(pass, plan, { before: seen.statefulSet, after: live });
}

/** How many pods there should be, and from which on they may be updated. */
function podsAsked(view: View): readonly number[] {
  const { replicas, update } = planOf(view);
  return [replicas, update.partition];
}

/** Fewer instances, another template, or one more that may be updated. */
function takesPods(before: StatefulSet, wish: StatefulSet): boolean {
  const [was, is] = [before, wish].map(({ metadata, spec }) => ({
    template: metadata.annotations?.[templateHashAnnotation],
    replicas: spec?.replicas ?? 0,
    partition: spec?.updateStrategy?.rollingUpdate?.partition ?? 0,
  }));
  if (!was || !is) return false;
  return is.template !== was.template || is.replicas < was.replicas || is.partition < was.partition;
}

/** Files are needed for what pods of an older revision mount too, as long as such a pod may be made. */
function inUse(pass: Pass): (ConfigMap | undefined)[] {
  const current = currentConfigMap(pass);
  if (!willBeMixed(pass)) return [current];
  return [current, ...pass.seen.configMaps.filter((map) => map !== current)];
}

/** Also when it is this pass that begins the update: below the partition, pods that it adds are of the former revision. */
function willBeMixed({ cluster, seen: { statefulSet } }: Pass): boolean {
  if (!statefulSet) return false;
  const written = statefulSet.metadata.annotations?.[templateHashAnnotation];
  return rolloutOf(statefulSet).isMixed || written !== templateHash(cluster);
}

function currentConfigMap({ cluster, seen }: Pass) {
  const name = currentConfigMapName(cluster);
  return seen.configMaps.find(({ metadata }) => metadata.name === name);
}

function followInstances({ cluster, seen, deps, adminToken }: Pass): Promise<void> {
  const pods = byOrdinal(cluster, seen.pods).map(({ pod }) => pod);
  if (adminToken) deps.instances.follow(keyOf(cluster), pods.flatMap(targetOf), adminToken);
  return Promise.resolve();
}

/** A token that is another one by now is what instances are asked with from now on. */
async function takeInSecrets(pass: Pass): Promise<void> {
  const before = pass.adminToken;
  await takeIn(pass);
  if (pass.adminToken !== before) await followInstances(pass);
}

function targetOf(pod: Pod): Target[] {
  const { podIP, phase } = pod.status ?? {};
  if (!podIP || phase !== 'Running') return [];
  const { uid = '', name } = pod.metadata;
  return [{ uid, instanceId: name, address: podIP, ready: isReady(pod) }];
}
