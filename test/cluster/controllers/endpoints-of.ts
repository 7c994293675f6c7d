/** The endpoints of a Service, from the pods it selects. Pure. */
import type { Endpoints, EndpointSlice, Pod, Service } from '../../../operator/kube/resources.ts';
import { contentHash } from './hash.ts';
import { controllerReference } from './owners.ts';
import { isFinished, isReady, isTerminating } from './pods.ts';
import { matchesAll } from './selector.ts';

type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];
type Address = NonNullable<NonNullable<Endpoints['subsets']>[number]['addresses']>[number];

/** A Service without a selector is somebody else's to fill. */
export const hasSelector = (service: Service): boolean =>
  Object.keys(service.spec?.selector ?? {}).length > 0 && service.spec?.type !== 'ExternalName';

export const selectedPods = (service: Service, pods: readonly Pod[]): Pod[] =>
  pods.filter((pod) => matchesAll(service.spec?.selector ?? {}, pod.metadata.labels ?? {}));

/** @param pods what the Service selects */
export function endpointsOf(service: Service, pods: readonly Pod[]): Endpoints {
  const groups = byPorts(
    service,
    pods.filter(hasAddress).filter((pod) => !isTerminating(pod)),
  );
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: service.metadata.name,
      namespace: service.metadata.namespace ?? '',
      labels: { ...service.metadata.labels, ...headless(service) },
    },
    subsets: groups.map(({ ports, members }) => {
      const ready = members.filter((pod) => isServed(service, pod)).map((pod) => addressOf(service, pod));
      const rest = members.filter((pod) => !isServed(service, pod)).map((pod) => addressOf(service, pod));
      return {
        ...(ready.length > 0 ? { addresses: ready } : {}),
        ...(rest.length > 0 ? { notReadyAddresses: rest } : {}),
        ports,
      };
    }),
  };
}

/** One slice for each set of port numbers; a real cluster also cuts them at 100 endpoints. */
export function slicesOf(service: Service, pods: readonly Pod[]): EndpointSlice[] {
  const groups = byPorts(service, pods.filter(hasAddress));
  const { name, namespace = '', uid } = service.metadata;
  return (groups.length > 0 ? groups : [{ ports: [], members: [] }]).map(({ ports, members }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${contentHash([uid, ports]).slice(0, 5)}`,
      namespace,
      labels: {
        ...service.metadata.labels,
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        ...headless(service),
      },
      ownerReferences: [controllerReference({ ...service, apiVersion: 'v1', kind: 'Service' })],
    },
    addressType: 'IPv4',
    ports,
    endpoints: members.map((pod) => sliceEndpoint(service, pod)),
  }));
}

function sliceEndpoint(service: Service, pod: Pod): NonNullable<EndpointSlice['endpoints']>[number] {
  const { ip, ...rest } = addressOf(service, pod);
  const serving = isReady(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !isTerminating(pod));
  return { addresses: [ip], conditions: { ready, serving, terminating: isTerminating(pod) }, ...rest };
}

function addressOf(service: Service, pod: Pod): Address {
  const { name, namespace = '', uid = '' } = pod.metadata;
  const { hostname, subdomain, nodeName } = pod.spec ?? {};
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', name, namespace, uid },
  };
}

const hasAddress = (pod: Pod): boolean => (pod.status?.podIP ?? '') !== '' && !isFinished(pod);

const isServed = (service: Service, pod: Pod): boolean =>
  isReady(pod) || service.spec?.publishNotReadyAddresses === true;

const headless = (service: Service): Record<string, string> =>
  service.spec?.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {};

interface Group {
  readonly ports: { name?: string; port: number; protocol: string }[];
  readonly members: Pod[];
}

/** A named target port may be a different number in each pod. */
function byPorts(service: Service, pods: readonly Pod[]): Group[] {
  const groups = new Map<string, Group>();
  const sorted = pods.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  for (const pod of sorted) {
    const ports = (service.spec?.ports ?? []).flatMap((port) => resolvePort(port, pod));
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, members: [] };
    group.members.push(pod);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function resolvePort(port: ServicePort, pod: Pod): Group['ports'] {
  const target = port.targetPort ?? port.port;
  const number = typeof target === 'number' ? target : namedPort(pod, target);
  if (number === undefined) return [];
  return [{ ...(port.name ? { name: port.name } : {}), port: number, protocol: port.protocol ?? 'TCP' }];
}

function namedPort(pod: Pod, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const all = pod.spec?.containers.flatMap((container) => container.ports ?? []) ?? [];
  return all.find((port) => port.name === name)?.containerPort;
}
