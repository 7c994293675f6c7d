import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { endpoints, endpointSlices, pods, services, type Service } from '../../../operator/kube/resources.ts';
import { target } from '../target.ts';
import { eventually, idle, openPlace, settled, type Place } from './place.ts';

/** Ready only when annotated: see the probe. */
function gatedPod(place: Place, name: string) {
  const script = `process.exit(require('fs').readFileSync('/etc/pod/annotations', 'utf8').includes('open') ? 0 : 1)`;
  const container = place.container(idle, {
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { exec: { command: ['node', '-e', script] }, periodSeconds: 1, timeoutSeconds: 5 },
    volumeMounts: [{ name: 'pod', mountPath: '/etc/pod' }],
  });
  const items = [{ path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } }];
  return place.runPod(name, [container], { volumes: [{ name: 'pod', downwardAPI: { items } }] });
}

const annotate = (place: Place, name: string, gate: string | null) =>
  place.kube.patch(pods, { namespace: place.namespace, name }, { metadata: { annotations: { gate } } });

function service(place: Place, name: string, spec: NonNullable<Service['spec']>): Promise<Service> {
  const metadata = { name, namespace: place.namespace };
  return place.kube.create(services, { apiVersion: 'v1', kind: 'Service', metadata, spec });
}

const port = { name: 'web', port: 80, targetPort: 'http' };

async function addresses(place: Place, name: string): Promise<{ ready: number; not: number }> {
  const subsets = (await place.get(endpoints, name))?.subsets ?? [];
  const count = (of: 'addresses' | 'notReadyAddresses') =>
    subsets.flatMap((subset) => subset[of] ?? []).length;
  return { ready: count('addresses'), not: count('notReadyAddresses') };
}

const until = (place: Place, name: string, ready: number, not: number) =>
  eventually(`${ready} ready and ${not} other addresses of ${name}`, async () => {
    const now = await addresses(place, name);
    return now.ready === ready && now.not === not;
  });

const slicesOf = async (place: Place, name: string) => {
  const labelSelector = `kubernetes.io/service-name=${name}`;
  return (await place.kube.list(endpointSlices, { namespace: place.namespace, labelSelector })).items;
};

const { lacks } = await target();

describe('the endpoints of a Service', { concurrency: true, skip: lacks.endpoints }, () => {
  it('follow the readiness of its pods', async (t) => {
    const place = await openPlace(t);
    await service(place, 'web', { selector: { app: 'web' }, ports: [port] });
    await gatedPod(place, 'web');
    await until(place, 'web', 0, 1);
    await annotate(place, 'web', 'open');
    await until(place, 'web', 1, 0);
    const subset = (await place.get(endpoints, 'web'))!.subsets![0]!;
    const pod = await place.pod('web');
    assert.deepEqual(subset.ports, [{ name: 'web', port: 8080, protocol: 'TCP' }]);
    const [address] = subset.addresses ?? [];
    assert.equal(address?.ip, pod?.status?.podIP);
    assert.equal(address?.targetRef?.uid, pod?.metadata.uid);
    await annotate(place, 'web', null);
    await until(place, 'web', 0, 1);
    await place.kube.delete(pods, pod!);
    await until(place, 'web', 0, 0);
  });

  it('hold pods that are not ready when the Service says so', async (t) => {
    const place = await openPlace(t);
    await service(place, 'web', {
      clusterIP: 'None',
      selector: { app: 'web' },
      ports: [port],
      publishNotReadyAddresses: true,
    });
    await gatedPod(place, 'web');
    await until(place, 'web', 1, 0);
  });

  it('are also told by slices, with host names for a headless Service', async (t) => {
    const place = await openPlace(t);
    const owner = await service(place, 'web', {
      clusterIP: 'None',
      selector: { app: 'web' },
      ports: [{ name: 'p', port: 8080 }],
    });
    await place.runSet('web', place.container(idle));
    await settled(place, 'web', 2);
    const slice = await eventually('two endpoints', async () => {
      const found = await slicesOf(place, 'web');
      const members = found.flatMap((one) => one.endpoints ?? []);
      return members.filter(({ conditions }) => conditions?.ready).length === 2 ? found[0] : undefined;
    });
    assert.equal(slice.metadata.ownerReferences?.[0]?.uid, owner.metadata.uid);
    const hostnames = (slice.endpoints ?? []).map(({ hostname }) => hostname ?? '');
    assert.deepEqual(
      hostnames.sort((a, b) => a.localeCompare(b)),
      ['web-0', 'web-1'],
    );
  });

  it('go when the Service goes', async (t) => {
    const place = await openPlace(t);
    const owner = await service(place, 'web', { selector: { app: 'web' }, ports: [port] });
    await eventually('endpoints', () => place.get(endpoints, 'web'));
    await place.kube.delete(services, owner);
    await eventually('no endpoints', async () => (await place.get(endpoints, 'web')) === undefined);
    await eventually('no slices', async () => (await slicesOf(place, 'web')).length === 0);
  });
});
