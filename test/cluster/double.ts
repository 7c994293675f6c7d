/** The API server double as a part of a cluster: its kubeconfig, and the logs that it gets from the kubelet. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { PodLogQuery } from './apiserver/api.ts';
import { startApiServer } from './apiserver/server.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Kubelet } from './kubelet/kubelet.ts';
import { streamLog } from './kubelet/logs.ts';

export interface DoubleOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** The node that has the logs, once it is there. */
  readonly kubelet: () => Kubelet | undefined;
}

export interface Double {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export async function startDouble({ directory, clock, log, kubelet }: DoubleOptions): Promise<Double> {
  const podLog = ({ pod, container, previous, ...stream }: PodLogQuery) => {
    const { namespace = '', name } = pod.metadata;
    const found = kubelet()?.log({ namespace, pod: name, container, previous });
    return found && streamLog(found, { ...stream, clock });
  };
  const server = await startApiServer({ host: '127.0.0.1', port: 0, clock, log, hooks: { podLog } });
  const kubeconfig = await writeKubeconfig(join(directory, 'admin.kubeconfig'), server.kubeconfig());
  return { kubeconfig, stop: () => server.stop() };
}
