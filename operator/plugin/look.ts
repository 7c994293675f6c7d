/** What the commands read of a cluster, each in one call of kubectl. */
import { toAppError } from '../../common/errors.ts';
import { group, kind, schedulerClusters } from '../api/group.ts';
import { selectorLabels, selectorString } from '../api/labels.ts';
import { ordinalOf } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import type { KubeObject } from '../kube/kube.ts';
import type { Pod } from '../kube/resources.ts';
import { eventTime, type SeenEvent } from './events.ts';
import type { Kubectl } from './kubectl.ts';

/** Full, so that no kind of somebody else's is meant. */
export const resourceName = `${schedulerClusters.plural}.${group}`;

export const inNamespace = ({ metadata }: KubeObject): readonly string[] => [
  '--namespace',
  metadata.namespace ?? 'default',
];

export async function listClusters(kubectl: Kubectl, everywhere = false): Promise<SchedulerCluster[]> {
  const scope = everywhere ? ['--all-namespaces'] : [];
  const { items } = await kubectl.json<{ items: SchedulerCluster[] }>(['get', resourceName, ...scope]);
  return items;
}

/** The namespace that is meant when an answer is empty and cannot say. */
export async function currentNamespace(kubectl: Kubectl, asked: string | undefined): Promise<string> {
  if (asked !== undefined) return asked;
  const { stdout } = await kubectl.run(['config', 'view', '--minify', '-o', 'jsonpath={..namespace}']);
  return stdout.trim() === '' ? 'default' : stdout.trim();
}

export async function listPods(kubectl: Kubectl, cluster: SchedulerCluster): Promise<Pod[]> {
  const selector = selectorString(selectorLabels(cluster));
  const query = ['get', 'pods', ...inNamespace(cluster), '--selector', selector];
  const { items } = await kubectl.json<{ items: Pod[] }>(query);
  const ordinal = ({ metadata }: Pod): number => ordinalOf(cluster, metadata.name) ?? Infinity;
  return items.sort((a, b) => ordinal(a) - ordinal(b));
}

/** Events about the cluster, and warnings about its pods; or why they cannot be had. */
export async function listEvents(
  kubectl: Kubectl,
  cluster: SchedulerCluster,
): Promise<readonly SeenEvent[] | { readonly why: string }> {
  const { name } = cluster.metadata;
  const ask = async (selector: string): Promise<SeenEvent[]> => {
    const query = ['get', 'events', ...inNamespace(cluster), '--field-selector', selector];
    return (await kubectl.json<{ items: SeenEvent[] }>(query)).items;
  };
  try {
    const [own, warnings] = await Promise.all([
      ask(`involvedObject.kind=${kind},involvedObject.name=${name}`),
      ask('type=Warning,involvedObject.kind=Pod'),
    ]);
    const ofPods = warnings.filter(
      ({ involvedObject }) => ordinalOf(cluster, involvedObject.name ?? '') !== undefined,
    );
    return [...own, ...ofPods].sort((a, b) => eventTime(a).localeCompare(eventTime(b)));
  } catch (error) {
    return { why: toAppError(error).message.split('\n')[0] ?? '' };
  }
}
