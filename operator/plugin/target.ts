/** Which cluster and which instance the words of a command mean. Pure. */
import { AppError } from '../../common/errors.ts';
import { ordinalOf, podName } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';

/** The one that was named, or the only one there is. */
export function clusterOf(
  name: string | undefined,
  clusters: readonly SchedulerCluster[],
  namespace: string,
): SchedulerCluster {
  const [only] = clusters;
  if (name !== undefined) {
    const found = clusters.find(({ metadata }) => metadata.name === name);
    if (found) return found;
    throw new AppError(
      'not_found',
      `there is no SchedulerCluster ${name} in namespace ${namespace}\n${others(clusters)}`,
    );
  }
  if (only && clusters.length === 1) return only;
  if (!only)
    throw new AppError(
      'not_found',
      `there is no SchedulerCluster in namespace ${namespace}\nName another one with -n, or look everywhere with \`kubectl lingua status -A\`.`,
    );
  throw new AppError(
    'config',
    `namespace ${namespace} has several SchedulerClusters, so say which\n${others(clusters)}`,
  );
}

function others(clusters: readonly SchedulerCluster[]): string {
  if (clusters.length === 0) return 'There is none at all there; name another namespace with -n.';
  return `There are: ${clusters.map(({ metadata }) => metadata.name).join(', ')}.`;
}

export interface Target {
  readonly cluster: SchedulerCluster;
  /** Name of the instance, and of its pod; undefined when none was named. */
  readonly instance: string | undefined;
}

/** `[NAME] [ID]`: one word alone is a cluster when there is one of that name, else an instance. */
export function targetOf(
  operands: readonly string[],
  clusters: readonly SchedulerCluster[],
  namespace: string,
): Target {
  const [one, two] = operands;
  if (one === undefined) return { cluster: clusterOf(undefined, clusters, namespace), instance: undefined };
  if (two !== undefined) return instanceOf(two, clusterOf(one, clusters, namespace));
  const named = clusters.find(({ metadata }) => metadata.name === one);
  return named ? { cluster: named, instance: undefined } : instanceTarget(one, clusters, namespace);
}

/** An instance by its name, or by its number alone where there is one cluster. */
export function instanceTarget(id: string, clusters: readonly SchedulerCluster[], namespace: string): Target {
  const owner = clusters.find((cluster) => ordinalOf(cluster, id) !== undefined);
  if (owner) return { cluster: owner, instance: id };
  if (isNumber(id)) return instanceOf(id, clusterOf(undefined, clusters, namespace));
  throw new AppError(
    'not_found',
    `${id} is neither a SchedulerCluster nor an instance of one in namespace ${namespace}\n${others(clusters)}`,
  );
}

function instanceOf(id: string, cluster: SchedulerCluster): { cluster: SchedulerCluster; instance: string } {
  if (isNumber(id)) return { cluster, instance: podName(cluster, Number(id)) };
  if (ordinalOf(cluster, id) !== undefined) return { cluster, instance: id };
  const { name } = cluster.metadata;
  throw new AppError(
    'not_found',
    `${name} has no instance ${id}\nAn instance is named by its number or like its pod, for example ${podName(cluster, 0)}.`,
  );
}

const isNumber = (text: string): boolean => /^(0|[1-9][0-9]{0,8})$/.test(text);
