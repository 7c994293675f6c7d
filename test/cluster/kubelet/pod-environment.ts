/** What every process of a pod gets, whatever its containers say: where it is, and how it reaches the API. */
import { join } from 'node:path';
import { environment } from '../../../common/workload.ts';
import type { Pod } from '../../../operator/kube/resources.ts';
import { kubeconfig, writeKubeconfig, type ClusterAccess } from '../kubeconfig.ts';
import { namesFileVariable } from './names.ts';
import type { NodeContext } from './node-context.ts';
import { accountVolume } from './service-account.ts';
import type { PodVolumes } from './volumes.ts';

const kubeconfigPath = (directory: string): string => join(directory, 'kubeconfig');

/** Also in programs that the container's own command starts. */
const resolver = `--import=${new URL('preload.ts', import.meta.url).href}`;

export function podEnvironment(
  pod: Pod,
  { searchPath, namesFile }: Pick<NodeContext, 'searchPath' | 'namesFile'>,
  address: string,
  directory: string,
): Record<string, string> {
  return {
    NODE_OPTIONS: resolver,
    [namesFileVariable]: namesFile,
    PATH: searchPath,
    // As a container runtime does; a program that keeps files at home must not leave them where the kubelet runs.
    HOME: directory,
    HOSTNAME: pod.spec?.hostname ?? pod.metadata.name,
    [environment.bindAddress]: address,
    ...(accountVolume(pod) === undefined ? {} : { KUBECONFIG: kubeconfigPath(directory) }),
  };
}

/** Writes the kubeconfig of the pod's ServiceAccount, if the pod has its token. */
export async function writePodKubeconfig(
  directory: string,
  volumes: PodVolumes,
  pod: Pod,
  cluster: ClusterAccess,
): Promise<void> {
  const volume = accountVolume(pod);
  if (volume === undefined) return;
  const tokenFile = join(volumes.directoryOf(volume), 'token');
  await writeKubeconfig(
    kubeconfigPath(directory),
    kubeconfig(cluster, { tokenFile }, pod.metadata.namespace),
  );
}
