/** `pause`, `resume` and `promote`: the annotations that people write on a SchedulerCluster. */
import { AppError } from '../../../common/errors.ts';
import { pausedAnnotation, promoteAnnotation } from '../../api/labels.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import { isPaused } from '../../decide/update.ts';
import type { Asked } from '../arguments.ts';
import { isStale } from '../judge.ts';
import { inNamespace, listClusters, resourceName } from '../look.ts';
import type { Plugin, Run } from '../plugin.ts';
import { clusterOf } from '../target.ts';
import { namespaceOf } from './status.ts';

export const pause: Run = async (asked, plugin) => {
  const cluster = await find(asked, plugin);
  const { name } = cluster.metadata;
  if (isPaused(cluster)) plugin.out(`${name} is paused already\n`);
  else {
    await annotate(cluster, `${pausedAnnotation}=true`, plugin);
    plugin.out(
      `${name} is paused: updates stay where they are, healing and scaling go on. \`kubectl lingua resume ${name}\` takes it back.\n`,
    );
  }
  return 0;
};

export const resume: Run = async (asked, plugin) => {
  const cluster = await find(asked, plugin);
  const { name } = cluster.metadata;
  if (!isPaused(cluster)) plugin.out(`${name} is not paused\n`);
  else {
    await annotate(cluster, `${pausedAnnotation}-`, plugin);
    plugin.out(`${name} goes on\n`);
  }
  return 0;
};

export const promote: Run = async (asked, plugin) => {
  const cluster = await find(asked, plugin);
  const { name } = cluster.metadata;
  const revision = promotable(cluster);
  await annotate(cluster, `${promoteAnnotation}=${revision}`, plugin);
  const held = isPaused(cluster) ? ` It is paused, so also \`kubectl lingua resume ${name}\`.` : '';
  plugin.out(`${name}: revision ${revision} goes to all instances, without its canary.${held}\n`);
  return 0;
};

/** The revision that has a canary now, or had one that failed. Throws when there is none. */
export function promotable(cluster: SchedulerCluster): string {
  const { name } = cluster.metadata;
  if (isStale(cluster))
    throw new AppError(
      'unavailable',
      `the operator has not seen the last change of ${name} yet\nTry again in a moment; if it stays so, look whether the operator runs.`,
    );
  const { conditions = [], rollout } = cluster.status ?? {};
  const progressing = conditions.find(({ type }) => type === 'Progressing')?.reason ?? 'Unknown';
  const isOpen = ['CanarySoaking', 'CanaryWaiting', 'AwaitingPromotion', 'RollingBack', 'Paused'].includes(
    progressing,
  );
  const hasCanary = cluster.spec.rollout.canary !== undefined;
  if (rollout && (rollout.verdict === 'Failed' || (isOpen && hasCanary))) return rollout.revision;
  throw new AppError(
    'conflict',
    `${name} has no canary to promote: it is ${progressing}\nA change that has no canary goes to all instances by itself.`,
  );
}

async function find({ operands: [name], values }: Asked, plugin: Plugin): Promise<SchedulerCluster> {
  const clusters = await listClusters(plugin.kubectl);
  return clusterOf(name, clusters, await namespaceOf(clusters, plugin, values.namespace));
}

async function annotate(cluster: SchedulerCluster, annotation: string, { kubectl }: Plugin): Promise<void> {
  const { name } = cluster.metadata;
  await kubectl.text(['annotate', resourceName, name, ...inNamespace(cluster), '--overwrite', annotation]);
}
