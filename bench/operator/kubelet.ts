/** A kubelet that runs nothing: a pod is ready as soon as it is there, at an address where somebody answers, and gone when it should go. */
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import { Reflector } from '../../operator/kube/reflector.ts';
import { pods, type Pod } from '../../operator/kube/resources.ts';
import type { Instances } from './instances.ts';

export interface LightKubeletOptions {
  readonly kube: KubeClient;
  readonly instances: Instances;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** @returns how it is stopped */
export function startLightKubelet({ kube, instances, ...base }: LightKubeletOptions): () => void {
  const known = new Set<string>();
  const begin = async (pod: Pod) => {
    const address = await instances.settle(pod.metadata.name);
    await writeStatus(kube, pod, readyAt(address, new Date().toISOString()));
  };
  const end = async (pod: Pod) => {
    instances.leave(pod.metadata.name);
    await kube.delete(pods, pod, { gracePeriodSeconds: 0 });
  };
  const quietly = (work: Promise<void>) => {
    work.catch((error: unknown) => {
      base.log.error({ err: error }, 'pod not handled');
    });
  };
  const reflector = new Reflector<Pod>({
    ...base,
    kube,
    resource: pods,
    query: { namespace: undefined },
    onChange: (_key, before, after) => {
      const uid = (after ?? before)?.metadata.uid ?? '';
      if (!after) known.delete(uid);
      else if (!known.has(uid)) {
        known.add(uid);
        quietly(begin(after));
      } else if (after.metadata.deletionTimestamp && !before?.metadata.deletionTimestamp) quietly(end(after));
    },
  });
  return () => {
    reflector.stop();
  };
}

async function writeStatus(kube: KubeClient, { metadata }: Pod, status: Pod['status']): Promise<void> {
  const { namespace = '', name } = metadata;
  await kube.subresource({
    ...{ resource: pods, name: { namespace, name }, subresource: 'status', method: 'PATCH' },
    body: { status },
  });
}

function readyAt(podIP: string, now: string): Pod['status'] {
  const isTrue = (type: string) => ({ type, status: 'True', lastTransitionTime: now });
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(isTrue),
    containerStatuses: [
      {
        ...{ name: 'scheduler', ready: true, started: true, restartCount: 0 },
        ...{ image: 'lingua-scheduler:dev', imageID: 'bench', state: { running: { startedAt: now } } },
      },
    ],
  };
}
