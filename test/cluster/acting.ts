/** What a cluster that runs already brings with it. */
import type { Clock } from '../../common/clock.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import { leases, nodes, statefulSets, type StatefulSet } from '../../operator/kube/resources.ts';

export async function hasNodes(kube: KubeClient): Promise<boolean> {
  const { items } = await kube.list(nodes, { namespace: undefined });
  return items.length > 0;
}

/** Whether somebody else's controllers work: their lease is being renewed, or they take note of a StatefulSet. */
export async function controllersAct(kube: KubeClient, { clock }: { clock: Clock }): Promise<boolean> {
  return (await leaseIsRenewed(kube, clock)) || (await probeIsSeen(kube, clock));
}

async function leaseIsRenewed(kube: KubeClient, clock: Clock): Promise<boolean> {
  const lease = await kube.get(leases, { namespace: 'kube-system', name: 'kube-controller-manager' });
  const { renewTime, leaseDurationSeconds = 15 } = lease?.spec ?? {};
  return renewTime !== undefined && clock.now() - Date.parse(renewTime) < leaseDurationSeconds * 1000;
}

const probeTimeoutMs = 5_000;

/** A StatefulSet without replicas does nothing but get an observed generation. */
async function probeIsSeen(kube: KubeClient, clock: Clock): Promise<boolean> {
  const probe = await kube.apply(statefulSets, probeSet());
  const deadline = clock.monotonic() + probeTimeoutMs;
  try {
    while (clock.monotonic() < deadline) {
      const seen = await kube.get(statefulSets, { namespace: 'default', name: probe.metadata.name });
      if (seen?.status?.observedGeneration !== undefined) return true;
      await clock.sleep(200);
    }
    return false;
  } finally {
    await kube.delete(statefulSets, probe);
  }
}

function probeSet(): StatefulSet {
  const labels = { app: 'lingua-controller-probe' };
  const container = { name: 'none', image: 'none' };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'lingua-controller-probe', namespace: 'default' },
    spec: {
      replicas: 0,
      serviceName: 'none',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}
