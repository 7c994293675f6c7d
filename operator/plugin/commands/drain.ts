/**
 * `drain`: one instance leaves in order and its StatefulSet makes it anew. The pod is evicted, so the disruption budget is asked;
 * SIGTERM begins the same drain that a scale-down does, and there is no way back (ADR 0010).
 */
import { count } from '../../../common/count.ts';
import { AppError } from '../../../common/errors.ts';
import { paths } from '../../../common/workload.ts';
import { ordinalOf } from '../../api/names.ts';
import type { SchedulerCluster } from '../../api/schedulercluster.gen.ts';
import { isReady } from '../../decide/pods.ts';
import { objectPath } from '../../kube/paths.ts';
import { pods as podResource, type Pod } from '../../kube/resources.ts';
import { readPort } from '../ask.ts';
import { inNamespace, listClusters, listPods } from '../look.ts';
import type { Plugin, Run } from '../plugin.ts';
import { instanceTarget, targetOf, type Target } from '../target.ts';
import { leftBehind } from '../text/left-behind.ts';
import { namespaceOf } from './status.ts';

const lookEveryMs = 1000;

/** What making a pod anew may take beyond its own grace period. */
const marginSeconds = 120;

export const drain: Run = async ({ operands, values }, plugin) => {
  const clusters = await listClusters(plugin.kubectl);
  const namespace = await namespaceOf(clusters, plugin, values.namespace);
  const { cluster, instance = '' }: Target =
    operands.length === 1
      ? instanceTarget(operands[0] ?? '', clusters, namespace)
      : targetOf(operands, clusters, namespace);
  const all = await listPods(plugin.kubectl, cluster);
  const pod = leaverOf(cluster, all, instance, values.force === true);
  await (values.force ? remove(pod, plugin) : evict(pod, plugin));
  plugin.out(`${instance} is told to leave\n`);
  if (values['no-wait']) {
    plugin.out(`\`kubectl lingua instances ${cluster.metadata.name}\` shows when it is back\n`);
    return 0;
  }
  const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? 30;
  return follow(cluster, pod, Number(values.timeout ?? graceSeconds + marginSeconds), plugin);
};

/** The pod that may go. Throws when it is not there, goes anyway, or is all there is. */
export function leaverOf(
  cluster: SchedulerCluster,
  pods: readonly Pod[],
  instance: string,
  isForced: boolean,
): Pod {
  const { name } = cluster.metadata;
  const pod = pods.find(({ metadata }) => metadata.name === instance);
  if (!pod) {
    const others = pods.map(({ metadata }) => metadata.name).join(', ');
    throw new AppError(
      'not_found',
      `${name} has no instance ${instance} now\nThere are: ${others === '' ? 'none' : others}.`,
    );
  }
  if (pod.metadata.deletionTimestamp !== undefined)
    throw new AppError('conflict', `${instance} leaves already`);
  if ((ordinalOf(cluster, instance) ?? 0) >= cluster.spec.replicas)
    throw new AppError(
      'conflict',
      `${instance} leaves already: ${name} is to have ${count(cluster.spec.replicas, 'instance')}`,
    );
  const others = pods.filter((other) => other !== pod && isReady(other));
  if (others.length === 0 && isReady(pod) && !isForced)
    throw new AppError(
      'conflict',
      `${instance} is the only instance that is ready: its sessions and nodes would have nowhere to go until it is back\nScale up first, or say --force.`,
    );
  return pod;
}

async function evict({ metadata }: Pod, { kubectl }: Plugin): Promise<void> {
  const { name, namespace = '', uid } = metadata;
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    // Not another pod that took the name meanwhile.
    deleteOptions: { preconditions: { uid } },
  };
  const path = objectPath(podResource, { namespace, name }, 'eviction');
  await kubectl.text(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
}

async function remove(pod: Pod, { kubectl }: Plugin): Promise<void> {
  await kubectl.text(['delete', 'pod', pod.metadata.name, ...inNamespace(pod), '--wait=false']);
}

// ------------------------------------------------------------ how it goes

async function follow(
  cluster: SchedulerCluster,
  left: Pod,
  timeoutSeconds: number,
  plugin: Plugin,
): Promise<number> {
  const { clock, signal, out, note } = plugin;
  const { name } = left.metadata;
  const startMs = clock.monotonic();
  const seconds = () => Math.round((clock.monotonic() - startMs) / 1000);
  let said = '';
  while (!signal.aborted) {
    const pod = (await listPods(plugin.kubectl, cluster)).find(({ metadata }) => metadata.name === name);
    if (pod && pod.metadata.uid !== left.metadata.uid && isReady(pod)) {
      out(`${name} is back and ready, after ${String(seconds())} s\n`);
      return 0;
    }
    const isLeaving = pod?.metadata.uid === left.metadata.uid;
    const stage = isLeaving ? await leaving(left, plugin) : 'has left; the new one starts';
    if (stage !== said) out(`${name} ${stage}\n`);
    said = stage;
    if (seconds() >= timeoutSeconds) {
      note(
        `${name} is not back after ${String(timeoutSeconds)} s; it goes on by itself, and \`kubectl lingua status ${cluster.metadata.name}\` tells how it stands\n`,
      );
      return 1;
    }
    await clock.sleep(lookEveryMs, signal);
  }
  note(`not waited for; ${name} leaves all the same\n`);
  return 1;
}

/** With figures, where the person may read them and the instance still answers. */
async function leaving(pod: Pod, { kubectl }: Plugin): Promise<string> {
  const metrics = await readPort(kubectl, pod, paths.metrics).catch(() => undefined);
  const left = metrics === undefined ? '' : leftBehind(metrics);
  return `is leaving${left === '' ? '' : `: ${left} left`}`;
}
