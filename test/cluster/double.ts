/** The API server double as a part of a cluster: its kubeconfig, and what it gets from the kubelet: logs, and commands in containers. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { ExecQuery, PodLogQuery } from './apiserver/api.ts';
import { startApiServer } from './apiserver/server.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Kubelet } from './kubelet/kubelet.ts';
import { acceptExec } from './kubelet/exec-stream.ts';
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
  const podExec = ({ pod, upgrade, streams, container, command }: ExecQuery) => {
    const { namespace = '', name } = pod.metadata;
    const start = () => kubelet()?.exec({ namespace, pod: name, container, command });
    return acceptExec(upgrade, streams, start);
  };
  const hooks = { podLog, podExec };
  const server = await startApiServer({ host: '127.0.0.1', port: 0, clock, log, hooks });
  const kubeconfig = await writeKubeconfig(join(directory, 'admin.kubeconfig'), server.kubeconfig());
  return { kubeconfig, stop: () => server.stop() };
}
