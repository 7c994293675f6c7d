/** What is ours and what is not: other people's hands and objects, deletion, clusters of the same name. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { schedulerClusters } from '../../operator/api/group.ts';
import { pods, services, statefulSets } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { settle } from '../fakes/clock.ts';
import { World } from './world.ts';

const at = (name: string, namespace = 'default') => ({ name, namespace });

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.end();
});

const settled = (wish = {}): Promise<void> => world.settled(wish);

describe('what others do', () => {
  it('a field of ours that was changed comes back, and an event names it', async () => {
    await settled();
    const set = world.kube.peek(statefulSets, at('demo'))!;
    world.kube.put({ ...set, spec: { ...set.spec!, replicas: 9 } });
    await world.converge();
    assert.equal(world.kube.peek(statefulSets, at('demo'))!.spec!.replicas, 2);
    const drift = world.events.find(({ reason }) => reason === 'DriftHealed');
    assert.match(drift!.note, /spec\.replicas/);
  });

  it('a StatefulSet that was scaled beyond all bounds comes back at once', async () => {
    await settled();
    const set = world.kube.peek(statefulSets, at('demo'))!;
    world.kube.put({ ...set, spec: { ...set.spec!, replicas: 2 ** 31 - 1 } });
    await world.look();
    assert.equal(world.kube.peek(statefulSets, at('demo'))!.spec!.replicas, 2);
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('an object of ours that was deleted comes back', async () => {
    await settled();
    for (const { metadata } of world.kube.all(services))
      world.kube.remove({ apiVersion: 'v1', kind: 'Service', metadata });
    await world.converge();
    assert.equal(world.kube.all(services).length, 2);
  });

  it('a label of ours that was removed comes back, though the cache lost the object by it', async () => {
    await settled();
    const service = world.kube.peek(services, at('demo'))!;
    world.kube.put({ ...service, metadata: { ...service.metadata, labels: { mine: 'yes' } } });
    await world.converge();
    const labels = world.kube.peek(services, at('demo'))!.metadata.labels!;
    assert.equal(labels['app.kubernetes.io/managed-by'], 'lingua-operator');
    assert.equal(labels['mine'], 'yes');
  });

  it('what others add is left alone', async () => {
    await settled();
    const service = world.kube.peek(services, at('demo'))!;
    world.kube.put({ ...service, spec: { ...service.spec!, externalTrafficPolicy: 'Local' } });
    await world.converge();
    assert.deepEqual(world.kube.writes(), []);
    assert.equal(world.kube.peek(services, at('demo'))!.spec!.externalTrafficPolicy, 'Local');
  });

  for (const labelled of [false, true]) {
    it(`a foreign object with our name is not touched${labelled ? ', not even when it wears our labels' : ''}`, async () => {
      const theirs = world.kube.put({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'demo',
          namespace: 'default',
          labels: labelled ? { 'app.kubernetes.io/managed-by': 'lingua-operator' } : {},
        },
        spec: { type: 'ExternalName' },
      });
      world.put(sampleCluster());
      await world.converge();
      assert.deepEqual(world.kube.peek(services, at('demo')), theirs);
      assert.equal(world.says('Degraded'), 'True ForeignObject');
      assert.match(world.condition('Degraded').message, /Service demo/);
      assert.equal(world.says('Ready'), 'False ForeignObject');
      assert.equal(world.outcomes.get('default/demo'), 'blocked');
      world.kube.remove(theirs);
      world.resync();
      await world.converge();
      assert.equal(world.says('Ready'), 'True FleetReady');
    });
  }

  it('a foreign Secret with our name is neither used nor changed', async () => {
    world.kube.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'demo-admin', namespace: 'default' },
    });
    world.put(sampleCluster());
    await world.converge();
    assert.match(world.condition('Degraded').message, /Secret demo-admin/);
    assert.equal(world.kube.all(statefulSets).length, 0);
  });

  it('a foreign StatefulSet with our name, labels and pods is not taken for ours', async () => {
    await settled();
    const set = world.kube.peek(statefulSets, at('demo'))!;
    const owner = {
      apiVersion: 'v1',
      kind: 'SchedulerCluster',
      name: 'demo',
      uid: 'other',
      controller: true,
    };
    world.kube.put({ ...set, metadata: { ...set.metadata, ownerReferences: [owner] } });
    await world.converge();
    assert.equal(world.says('Degraded'), 'True ForeignObject');
    assert.deepEqual(world.cluster().status!.instances, []);
    assert.equal(world.cluster().status!.replicas, 0);
  });

  it('the pods of others are ignored, whatever they are labelled', async () => {
    await settled();
    const [pod] = world.kube.all(pods);
    world.kube.put({
      ...pod!,
      metadata: {
        ...pod!.metadata,
        name: 'demo-7',
        uid: 'theirs',
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'demo', uid: 'other', controller: true },
        ],
      },
    });
    world.resync();
    await world.converge();
    assert.deepEqual(
      world.cluster().status!.instances!.map(({ ordinal }) => ordinal),
      [0, 1],
    );
  });
});

describe('deleting', () => {
  it('leaves nothing behind', async () => {
    await settled();
    await world.kube.delete(schedulerClusters, world.cluster());
    await world.converge();
    assert.deepEqual(world.owned(), []);
    assert.equal(world.kube.all(pods).length, 0);
    assert.ok(!(await world.registry.metrics()).includes('name="demo"'), 'its series are gone too');
  });

  it('in the middle of creating makes nothing more, whatever the cache says', async () => {
    const cluster = world.put(sampleCluster());
    world.kube.before = ({ write }) => {
      // The user deletes it while the first object is on its way; the cache has not heard.
      if (write === 1)
        world.kube.put({
          ...cluster,
          metadata: { ...cluster.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] },
        });
    };
    await world.look();
    world.kube.before = undefined;
    await world.converge();
    const before = world.kube.writes().length;
    world.resync();
    await world.converge();
    assert.equal(world.kube.writes().length, before, 'a cluster that goes is left alone');
  });

  it('before the cache has heard of it makes nothing at all', async () => {
    const cluster = world.put(sampleCluster());
    await settle();
    world.frozen.add('SchedulerCluster');
    world.kube.remove(cluster);
    world.kube.forget();
    await world.look();
    assert.deepEqual(world.kube.writes(), []);
    assert.equal(world.outcomes.get('default/demo'), 'gone');
    world.frozen.clear();
  });

  it('a cluster that was made anew under the same name gets its own objects', async () => {
    await settled();
    const old = world.cluster();
    await world.kube.delete(schedulerClusters, old);
    world.put(sampleCluster({ replicas: 3 }, { uid: 'uid-of-another-demo' }));
    await world.converge();
    world.resync();
    await world.converge();
    const owners = new Set(
      world.kube.all(statefulSets).map(({ metadata }) => metadata.ownerReferences![0]!.uid),
    );
    assert.deepEqual([...owners], ['uid-of-another-demo']);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});

describe('several clusters', () => {
  it('of one name in two namespaces do not touch each other', async () => {
    world.put(sampleCluster({}, { namespace: 'a', uid: 'uid-a' }));
    world.put(sampleCluster({}, { namespace: 'b', uid: 'uid-b' }));
    await world.converge();
    world.kube.forget();
    world.edit((spec) => (spec.replicas = 5), 'demo', 'b');
    await world.converge();
    assert.deepEqual(
      world.kube.requests.filter(({ namespace, write }) => write > 0 && namespace === 'a'),
      [],
    );
    assert.equal(world.cluster('demo', 'a').status!.readyReplicas, 2);
    assert.equal(world.cluster('demo', 'b').status!.readyReplicas, 5);
    await world.kube.delete(schedulerClusters, world.cluster('demo', 'a'));
    await world.converge();
    assert.equal(world.cluster('demo', 'b').status!.readyReplicas, 5);
    assert.equal(world.kube.all(statefulSets).length, 1);
  });
});
