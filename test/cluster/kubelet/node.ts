/** The Node object and its heartbeat. */
import { arch, cpus, totalmem } from 'node:os';
import type { Clock } from '../../../common/clock.ts';
import { toAppError } from '../../../common/errors.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { leases, namespaces, nodes, type Lease, type Node } from '../../../operator/kube/resources.ts';

const leaseNamespace = 'kube-node-lease';
const leaseSeconds = 40;
/** A real kubelet's interval: node controllers take a node for dead after 40 s without. */
export const heartbeatMs = 10_000;

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Creates or refreshes the Node and says that it is ready. */
export async function registerNode(
  kube: KubeClient,
  clock: Clock,
  name: string,
  address: string,
  serverPort: number | undefined,
): Promise<void> {
  await unlessExists(() => kube.create(nodes, nodeObject(name)));
  await kube.subresource({
    resource: nodes,
    name: { namespace: '', name },
    subresource: 'status',
    method: 'PATCH',
    body: { status: nodeStatus(address, serverPort, `${new Date(clock.now()).toISOString().slice(0, 19)}Z`) },
  });
}

/** Renews the node's lease; makes it, and its namespace, when they are not there. */
export async function heartbeat(kube: KubeClient, clock: Clock, name: string): Promise<void> {
  const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime };
  try {
    await kube.patch(leases, { namespace: leaseNamespace, name }, { spec });
  } catch (error) {
    if (toAppError(error).code !== 'not_found') throw error;
    await unlessExists(() => kube.create(namespaces, namespaceObject()));
    const metadata = { name, namespace: leaseNamespace };
    const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    await unlessExists(() => kube.create(leases, lease));
  }
}

const namespaceObject = () => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: leaseNamespace } });

function nodeObject(name: string): Node {
  const architecture = architectures[arch()] ?? arch();
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
      },
    },
    spec: {},
  };
}

function nodeStatus(
  address: string,
  serverPort: number | undefined,
  now: string,
): NonNullable<Node['status']> {
  const capacity = { cpu: String(cpus().length), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: '250' };
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    capacity,
    allocatable: capacity,
    addresses: [{ type: 'InternalIP', address }],
    ...(serverPort === undefined ? {} : { daemonEndpoints: { kubeletEndpoint: { Port: serverPort } } }),
    // So that an API server hands WebSockets through to it, instead of speaking SPDY.
    declaredFeatures: ['ExtendWebSocketsToKubelet'],
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    nodeInfo: {
      architecture: architectures[arch()] ?? arch(),
      bootID: '',
      containerRuntimeVersion: 'process://1',
      kernelVersion: '',
      kubeProxyVersion: '',
      kubeletVersion: 'v1.36.0-pocket',
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'host processes',
      systemUUID: '',
    },
  };
}

async function unlessExists(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (toAppError(error).code !== 'conflict') throw error;
  }
}
