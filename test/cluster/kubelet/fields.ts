/** What a pod may learn about itself: the downward API's fields and resources. Pure. */
import type { Pod } from '../../../operator/kube/resources.ts';
import { quantity } from './quantity.ts';

/** Where a pod runs; known before its status says so. */
export interface Placement {
  readonly podIP: string;
  readonly hostIP: string;
}

/** The value of a `fieldRef`; undefined for a path that does not exist. */
export function podField(pod: Pod, path: string, { podIP, hostIP }: Placement): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace;
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'metadata.labels':
      return listed(pod.metadata.labels);
    case 'metadata.annotations':
      return listed(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? 'default';
    case 'status.podIP':
    case 'status.podIPs':
      return podIP;
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIP;
    default:
      return undefined;
  }
}

/** `key="value"` lines in the order of their keys, as the downward API writes maps. */
const listed = (map: Readonly<Record<string, string>> = {}): string =>
  Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

export interface ResourceField {
  readonly resource: string;
  readonly containerName?: string;
  readonly divisor?: string;
}

/** What a container without a limit may use: the whole machine, here a small one. */
const machine: Readonly<Record<string, string>> = { cpu: '2', memory: '4Gi', 'ephemeral-storage': '16Gi' };

/** The value of a `resourceFieldRef`, in units of its divisor and rounded up. */
export function resourceField(pod: Pod, containerName: string, field: ResourceField): string | undefined {
  const [kind, name = ''] = split(field.resource);
  const container = pod.spec?.containers.find((one) => one.name === (field.containerName ?? containerName));
  if (!container || (kind !== 'limits' && kind !== 'requests')) return undefined;
  const { limits = {}, requests = {} } = container.resources ?? {};
  const asked = kind === 'limits' ? (limits[name] ?? machine[name]) : (requests[name] ?? limits[name] ?? '0');
  if (asked === undefined) return undefined;
  const divisor = field.divisor === undefined || field.divisor === '0' ? '1' : field.divisor;
  // Rounding first hides that 0.1 / 0.001 is a little more than 100.
  return String(Math.ceil(Number((quantity(asked) / quantity(divisor)).toFixed(6))));
}

const split = (resource: string): [string, string?] => {
  const dot = resource.indexOf('.');
  return dot < 0 ? [resource] : [resource.slice(0, dot), resource.slice(dot + 1)];
};
