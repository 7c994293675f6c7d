/**
 * Questions to an instance. The scheduler's own tools are run in its pod, with the configuration and the credentials that it
 * has; its open port is read through the API server.
 */
import { AppError } from '../../common/errors.ts';
import { mounts, ports, programs } from '../../common/workload.ts';
import { configKey } from '../api/names.ts';
import type { SchedulerCluster } from '../api/schedulercluster.gen.ts';
import { isReady } from '../decide/pods.ts';
import { objectPath } from '../kube/paths.ts';
import { pods as podResource, type Pod } from '../kube/resources.ts';
import { containerName } from '../resources/pod-template.ts';
import { explained } from './failures.ts';
import type { Kubectl, Ran } from './kubectl.ts';
import { inNamespace } from './look.ts';

/** One that works if there is one; else one that runs, which may still tell why it does not work. */
export function spokesman(cluster: SchedulerCluster, pods: readonly Pod[]): Pod {
  const running = pods.filter(({ status }) => status?.containerStatuses?.[0]?.state?.running !== undefined);
  const found = running.find(isReady) ?? running[0];
  if (found) return found;
  const { name } = cluster.metadata;
  throw new AppError(
    'unavailable',
    `no instance of ${name} runs, so there is nobody to ask\n\`kubectl lingua status ${name}\` and \`kubectl lingua logs ${name} --previous\` tell why.`,
  );
}

/** The scheduler's tools end with these when they have done their work, well or not. */
const toolCodes: ReadonlySet<number> = new Set([0, 1, 78]);

/** Runs `scheduler TOOL…` in the pod. What kubectl adds of its own is left out. */
export async function runTool(kubectl: Kubectl, pod: Pod, tool: readonly string[]): Promise<Ran> {
  const { name } = pod.metadata;
  const config = `${mounts.configDirectory}/${configKey(name)}`;
  const command = [programs.node, programs.scheduler, ...tool, '--config', config];
  const ran = await kubectl.run([
    'exec',
    name,
    ...inNamespace(pod),
    '--container',
    containerName,
    '--',
    ...command,
  ]);
  const isOwn = ran.code === 0 || /command terminated with exit code/.test(ran.stderr);
  if (!isOwn || !toolCodes.has(ran.code)) throw failureOf(ran, pod);
  const stderr = ran.stderr
    .split('\n')
    .filter((line) => !/^command terminated with exit code|^Defaulted container/.test(line))
    .join('\n');
  return { ...ran, stderr: stderr.replace(/^scheduler: /gm, '') };
}

function failureOf({ stderr, code }: Ran, { metadata, spec }: Pod): AppError {
  if (!/no such file|not found in \$PATH|Cannot find module|exit code 12[67]/.test(stderr))
    return explained(stderr);
  const image = spec?.containers[0]?.image ?? 'its image';
  return new AppError(
    'unavailable',
    `${metadata.name} has no scheduler at ${programs.node} ${programs.scheduler} (code ${code})\nAn image other than ours (${image}) must keep both where Dockerfile.scheduler puts them.`,
  );
}

/** What a port of the pod answers to a GET. Throws when the API server may not be asked, or gets no answer. */
export function readPort(kubectl: Kubectl, { metadata }: Pod, path: string): Promise<string> {
  const name = `${metadata.name}:${String(ports.http)}`;
  const proxy = objectPath(podResource, { namespace: metadata.namespace ?? '', name }, 'proxy');
  // The colon is part of the name of a door, not a character to hide.
  return kubectl.text(['get', '--raw', `${proxy.replaceAll('%3A', ':')}${path}`]);
}
