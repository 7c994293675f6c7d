/** What a container needs before it can start, or what is missing and how a kubelet says so. Pure over what is known now. */
import { launchOf, type Launch } from './command.ts';
import type { ContainerContext, ContainerSpec } from './container.ts';
import { environmentOf } from './environment.ts';
import { mountsVariable, type Mount } from './mounts.ts';

export interface Missing {
  /** Of the waiting state. */
  readonly reason: string;
  readonly message: string;
  /** Reason and text of the event. */
  readonly type: 'Normal' | 'Warning';
  readonly event: string;
  readonly note: string;
}

export function launchOrMissing(
  container: ContainerSpec,
  image: readonly string[],
  { placement, sources, baseEnvironment, workingDirectory, pod, mounts }: ContainerContext,
  terminationMount: Mount,
): Launch | Missing {
  const environment = environmentOf(pod(), container, placement, sources);
  if ('missing' in environment) return missingSource(environment.missing);
  const { variables } = environment;
  const all = [...mounts(container, variables), terminationMount];
  return launchOf(container, {
    image,
    base: { ...baseEnvironment, [mountsVariable]: JSON.stringify(all) },
    variables,
    workingDirectory,
    mounts: all,
  });
}

const missingSource = (what: string): Missing => ({
  reason: 'CreateContainerConfigError',
  message: what,
  type: 'Warning',
  event: 'Failed',
  note: `Error: ${what}`,
});

/** The first failure is told as an error, later ones as waiting. */
export function missingImage({ image = '' }: ContainerSpec, attempt: number): Missing {
  const error = `failed to pull and unpack image "${image}": not found`;
  const first = attempt === 1;
  return {
    reason: first ? 'ErrImagePull' : 'ImagePullBackOff',
    message: first ? error : `Back-off pulling image "${image}"`,
    type: first ? 'Warning' : 'Normal',
    event: first ? 'Failed' : 'BackOff',
    note: first ? `Failed to pull image "${image}": ${error}` : `Back-off pulling image "${image}"`,
  };
}
