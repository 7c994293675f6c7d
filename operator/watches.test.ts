import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { AppError } from '../common/errors.ts';
import { FakeClock, FakeRandom, settle } from '../test/fakes/clock.ts';
import { FakeKube } from '../test/fakes/kube.ts';
import { sampleCluster } from '../test/operator/sample.ts';
import { services, type Service } from './kube/resources.ts';
import { clientService } from './resources/client-service.ts';
import { startWatches, type Watches } from './watches.ts';

interface Watched {
  readonly watches: Watches;
  readonly woken: string[];
  readonly clock: FakeClock;
}

async function watch(kube: FakeKube, namespaces: string[]): Promise<Watched> {
  const woken: string[] = [];
  const [clock, random] = [new FakeClock(), new FakeRandom()];
  const wake = (key: string) => void woken.push(key);
  const ownWrites = { seenGone: () => undefined };
  const log = pino({ level: 'silent' });
  const watches = startWatches({ kube, namespaces, wake, ownWrites, clock, random, log });
  await watches.synced;
  return { watches, woken, clock };
}

describe('the watches', () => {
  it('of some namespaces see nothing of the others', async () => {
    const kube = new FakeKube();
    for (const namespace of ['a', 'b', 'c']) kube.put(sampleCluster({}, { namespace, uid: namespace }));
    const { watches, woken } = await watch(kube, ['a', 'c']);
    assert.deepEqual(woken.sort(), ['a/demo', 'c/demo']);
    assert.ok(watches.caches.clusters.get({ namespace: 'c', name: 'demo' }));
    assert.equal(watches.caches.clusters.get({ namespace: 'b', name: 'demo' }), undefined);
    watches.stop();
  });

  it('of a namespace that may not be read hold up no other, and wake its clusters when it may', async () => {
    const kube = new FakeKube();
    for (const namespace of ['a', 'b']) kube.put(sampleCluster({}, { namespace, uid: namespace }));
    let isForbidden = true;
    kube.before = ({ verb, kind, namespace }) => {
      if (isForbidden && verb === 'list' && kind === 'Pod' && namespace === 'b')
        throw new AppError('forbidden', 'pods is forbidden');
    };
    const { watches, woken, clock } = await watch(kube, ['a', 'b']);
    await settle();
    assert.deepEqual(woken, ['a/demo']);
    assert.deepEqual(watches.unsynced(), ['Pod in b']);
    kube.put(clientService(sampleCluster({}, { namespace: 'b', uid: 'b' })));
    await settle();
    assert.deepEqual(woken, ['a/demo'], 'not on half of what is there');
    isForbidden = false;
    await clock.advance(60_000);
    assert.deepEqual(woken, ['a/demo', 'b/demo']);
    assert.deepEqual(watches.unsynced(), []);
    watches.stop();
  });

  it('want a look for a change of a wish, and none for a change of a status', async () => {
    const kube = new FakeKube();
    const cluster = kube.put(sampleCluster());
    const { watches, woken } = await watch(kube, []);
    woken.length = 0;
    kube.put({ ...cluster, status: { replicas: 2 } });
    await settle();
    assert.deepEqual(woken, []);
    kube.put({ ...cluster, spec: { ...cluster.spec, replicas: 5 } });
    await settle();
    assert.deepEqual(woken, ['default/demo']);
    watches.stop();
  });

  it('find the cluster of an owned object by its owner, not by its name or labels', async () => {
    const kube = new FakeKube();
    const { watches, woken } = await watch(kube, []);
    const service: Service = clientService(sampleCluster());
    kube.put(service);
    kube.put({ ...service, metadata: { ...service.metadata, name: 'demo-2', ownerReferences: [] } });
    await settle();
    assert.deepEqual(woken, ['default/demo']);
    assert.equal(watches.caches.owned(services).list().length, 2);
    watches.stop();
  });

  it('hold no object that does not wear our label', async () => {
    const kube = new FakeKube();
    kube.put({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'theirs', namespace: 'default' } });
    const { watches } = await watch(kube, []);
    assert.deepEqual(watches.caches.owned(services).list(), []);
    watches.stop();
  });
});
