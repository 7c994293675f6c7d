/** What tests wait for in the status of a pod, and read in it. */
import type { Pod } from '../../../operator/kube/resources.ts';
import { eventually, type Place } from './place.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

export function waitFor(
  place: Place,
  name: string,
  what: string,
  holds: (pod: Pod) => boolean,
  withinMs?: number,
): Promise<Pod> {
  const check = async () => {
    const pod = await place.pod(name);
    return pod && holds(pod) ? pod : undefined;
  };
  return eventually(`${name}: ${what}`, check, withinMs);
}

export const main = (pod: Pod): ContainerStatus | undefined => pod.status?.containerStatuses?.[0];

export const ended = (pod: Pod) => main(pod)?.state?.terminated;

export const eventsOf = async (place: Place, reason: string): Promise<string> =>
  place.kubectl(
    'get',
    'events',
    '--field-selector',
    `reason=${reason}`,
    '-o',
    'jsonpath={.items[*].message}',
  );
