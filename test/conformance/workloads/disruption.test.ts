import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import {
  podDisruptionBudgets,
  type Pod,
  type PodDisruptionBudget,
} from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { eventually, idle, openPlace, settled, type Place, slowToEnd } from './place.ts';

const { lacks } = await target();

function budget(
  place: Place,
  spec: Partial<NonNullable<PodDisruptionBudget['spec']>>,
): Promise<PodDisruptionBudget> {
  const metadata = { name: 'web', namespace: place.namespace };
  const selector = { matchLabels: { app: 'web' } };
  return place.kube.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    spec: { selector, ...spec },
  });
}

const allows = (place: Place, count: number) =>
  eventually(`${count} disruptions allowed`, async () => {
    const status = (await place.get(podDisruptionBudgets, 'web'))?.status;
    return status?.disruptionsAllowed === count && (status.expectedPods ?? 0) > 0 ? status : undefined;
  });

async function evict(place: Place, { metadata }: Pod): Promise<number> {
  const { status } = await place.kube.raw({
    method: 'POST',
    path: `/api/v1/namespaces/${place.namespace}/pods/${metadata.name}/eviction`,
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: metadata.name, namespace: place.namespace },
    },
  });
  return status;
}

describe('a disruption budget', { concurrency: true, skip: lacks.pods }, () => {
  it('says how many pods are healthy and how many may go', async (t) => {
    const place = await openPlace(t);
    await budget(place, { maxUnavailable: 1 });
    await place.runSet('web', place.container(idle), { replicas: 3 });
    await settled(place, 'web', 3);
    const status = await allows(place, 1);
    assert.deepEqual([status.currentHealthy, status.desiredHealthy, status.expectedPods], [3, 2, 3]);
    await place.kubectl('scale', 'statefulset/web', '--replicas=2');
    await eventually(
      'the smaller set',
      async () => (await place.get(podDisruptionBudgets, 'web'))?.status?.expectedPods === 2,
    );
  });

  it('lets one eviction through and refuses the next until the pod is back', async (t) => {
    const place = await openPlace(t);
    await budget(place, { maxUnavailable: 1 });
    await place.runSet('web', slowToEnd(place, 1500));
    const [first, second] = await settled(place, 'web', 2);
    await allows(place, 1);
    assert.equal(await evict(place, first!), 201);
    assert.equal(await evict(place, second!), 429);
    await settled(place, 'web', 2);
    await allows(place, 1);
    assert.equal(await evict(place, second!), 201);
  });

  it('with minAvailable protects every pod it needs', async (t) => {
    const place = await openPlace(t);
    await budget(place, { minAvailable: 2 });
    await place.runSet('web', place.container(idle));
    const [first] = await settled(place, 'web', 2);
    await allows(place, 0);
    assert.equal(await evict(place, first!), 429);
  });
});
