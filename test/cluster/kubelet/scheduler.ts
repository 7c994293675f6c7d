/** The smallest scheduler: every pod that nobody placed goes to the one node, if the node has the labels it asks for. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../../common/clock.ts';
import { toAppError } from '../../../common/errors.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import { nodes, pods, type Pod } from '../../../operator/kube/resources.ts';
import { isTerminating } from '../controllers/pods.ts';
import { matchesAll } from '../controllers/selector.ts';
import type { RecordEvent } from '../events.ts';

export interface SchedulerOptions {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly record: RecordEvent;
  readonly nodeName: string;
}

/** Watches the pods without a node. Returns what stops it. */
export async function startScheduler(options: SchedulerOptions): Promise<() => void> {
  const reflector = new Reflector<Pod>({
    ...options,
    resource: pods,
    query: { namespace: undefined, fieldSelector: 'spec.nodeName=' },
    onChange: (_key, before, after) => {
      // Its own report on a pod that does not fit is no reason to look again.
      if (after && before?.metadata.generation !== after.metadata.generation) void place(after, options);
      else if (after && !before) void place(after, options);
    },
  });
  await reflector.synced;
  return () => {
    reflector.stop();
  };
}

async function place(pod: Pod, options: SchedulerOptions): Promise<void> {
  if (!isOurs(pod)) return;
  try {
    const node = await options.kube.get(nodes, { namespace: '', name: options.nodeName });
    if (!node || !matchesAll(pod.spec?.nodeSelector ?? {}, node.metadata.labels ?? {}))
      await refuse(pod, options);
    else await bind(pod, options);
  } catch (error) {
    if (['not_found', 'conflict'].includes(toAppError(error).code)) return;
    options.log.warn({ pod: pod.metadata.name, err: error }, 'pod not scheduled');
  }
}

const isOurs = (pod: Pod): boolean =>
  !isTerminating(pod) &&
  !pod.spec?.nodeName &&
  (pod.spec?.schedulingGates ?? []).length === 0 &&
  ['', 'default-scheduler'].includes(pod.spec?.schedulerName ?? '');

async function bind(pod: Pod, { kube, record, nodeName }: SchedulerOptions): Promise<void> {
  const { name, namespace = '', uid } = pod.metadata;
  await kube.subresource({
    resource: pods,
    name: { namespace, name },
    subresource: 'binding',
    method: 'POST',
    body: {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    },
  });
  const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
  record({ about: pod, type: 'Normal', reason: 'Scheduled', message });
}

async function refuse(pod: Pod, { kube, record, clock }: SchedulerOptions): Promise<void> {
  const { name, namespace = '' } = pod.metadata;
  const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
  };
  record({ about: pod, type: 'Warning', reason: 'FailedScheduling', message });
  await kube.subresource({
    resource: pods,
    name: { namespace, name },
    subresource: 'status',
    method: 'PATCH',
    body: { status: { conditions: [condition] } },
  });
}
