/** What a pod may learn about itself: the downward API's fields and resources. Pure. */
import type { Pod } from '../../../operator/kube/resources.ts';
import { quantity } from './quantity.ts';

/** Where a pod runs; known before its status says so. */
export interface Placement {
  readonly podIP: string;
  readonly hostIP: string;
}

type Reader = (pod: Pod, placement: Placement) => string;

const readers: Readonly<Record<string, Reader>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
  'metadata.uid': ({ metadata }) => metadata.uid ?? '',
  'metadata.labels': ({ metadata }) => listed(metadata.labels),
  'metadata.annotations': ({ metadata }) => listed(metadata.annotations),
  'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
  'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? 'default',
  'status.podIP': (_pod, { podIP }) => podIP,
  'status.podIPs': (_pod, { podIP }) => podIP,
  'status.hostIP': (_pod, { hostIP }) => hostIP,
  'status.hostIPs': (_pod, { hostIP }) => hostIP,
};

/** The value of a `fieldRef`; undefined for a path that does not exist. */
export function podField(pod: Pod, path: string, placement: Placement): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  return readers[path]?.(pod, placement);
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
  const container = pod.spec?.containers.find((one) => one.name === (field.containerName ?? containerName));
  const asked = container && amount(container.resources ?? {}, field.resource);
  if (asked === undefined) return undefined;
  const divisor = field.divisor === undefined || field.divisor === '0' ? '1' : field.divisor;
  // Rounding first hides that 0.1 / 0.001 is a little more than 100.
  return String(Math.ceil(Number((quantity(asked) / quantity(divisor)).toFixed(6))));
}

type Amounts = Readonly<Record<string, string>>;

function amount(resources: { limits?: Amounts; requests?: Amounts }, path: string): string | undefined {
  const { limits = {}, requests = {} } = resources;
  const [kind, name = ''] = split(path);
  if (kind === 'limits') return limits[name] ?? machine[name];
  return kind === 'requests' ? (requests[name] ?? limits[name] ?? '0') : undefined;
}

const split = (resource: string): [string, string?] => {
  const dot = resource.indexOf('.');
  return dot < 0 ? [resource] : [resource.slice(0, dot), resource.slice(dot + 1)];
};
