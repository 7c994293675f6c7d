/** Caches that show the past: what cannot be taken back is not done on it, and nothing is written over what is newer. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pods, statefulSets } from '../../operator/kube/resources.ts';
import { sampleCluster } from './sample.ts';
import { World } from './world.ts';

const at = (name: string) => ({ name, namespace: 'default' });
const key = 'default/demo';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
  world.put(sampleCluster({ replicas: 3 }));
  await world.converge();
  world.kube.forget();
});
afterEach(() => {
  world.stop();
});

const set = () => world.kube.peek(statefulSets, at('demo'))!;
const uids = () => world.kube.all(pods).map(({ metadata }) => metadata.uid);

/** Looks while the caches hear nothing of these kinds; says what came of it, and lets them hear again. */
async function lookLate(happens: () => void, ...kinds: readonly string[]): Promise<string | undefined> {
  for (const kind of kinds) world.frozen.add(kind);
  happens();
  world.resync();
  await world.look();
  for (const kind of kinds) world.frozen.delete(kind);
  return world.outcomes.get(key);
}

describe('an operator whose caches are late', () => {
  it('does not write over a StatefulSet that has changed since', async () => {
    const outcome = await lookLate(() => {
      // As another operator does in the middle of an update.
      world.kube.put({ ...set(), spec: { ...set().spec!, replicas: 5 } });
      world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
    }, 'StatefulSet');
    assert.equal(outcome, 'outdated');
    assert.equal(set().spec!.replicas, 5);
    assert.equal(set().spec!.template.spec!.containers[0]!.image, 'lingua-scheduler:dev');
    await world.converge();
    assert.equal(set().spec!.replicas, 3);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('tells no instance to drain while its StatefulSet has moved on', async () => {
    const outcome = await lookLate(() => {
      // As its controller does when a pod is not ready any more.
      world.kube.put({ ...set(), status: { ...set().status!, readyReplicas: 2 } });
      world.edit((spec) => (spec.replicas = 2));
    }, 'StatefulSet');
    assert.equal(outcome, 'outdated');
    assert.deepEqual(world.told, []);
    await world.converge();
    assert.deepEqual(world.told, ['demo-2 30']);
  });

  it('does not replace an instance that drains because it is to go', async () => {
    const before = uids();
    const outcome = await lookLate(() => {
      world.edit((spec) => (spec.replicas = 2));
      world.drain('demo-2');
    }, 'SchedulerCluster');
    // The answers of instances come on their own clock.
    assert.ok(outcome !== undefined);
    world.frozen.add('SchedulerCluster');
    await world.clock.advance(7_000);
    world.resync();
    await world.look();
    assert.equal(world.outcomes.get(key), 'outdated');
    assert.deepEqual(uids(), before, 'nothing is taken');
    world.frozen.delete('SchedulerCluster');
    await world.converge();
    assert.deepEqual(uids(), before.slice(0, 2));
    assert.equal(world.controller.made, 3);
  });

  it('does not say of a newer wish what was true of the one before', async () => {
    const outcome = await lookLate(() => {
      world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
      world.patchPodStatus('demo-0', (status) => ({
        ...status,
        conditions: [{ type: 'Ready', status: 'False' }],
      }));
    }, 'SchedulerCluster');
    assert.equal(outcome, 'outdated');
    assert.equal(world.cluster().status!.observedGeneration, 1);
    assert.equal(world.condition('Available').message.startsWith('3 of 3'), true);
    await world.converge();
  });

  it('does not write the status of a cluster that was made anew under the same name', async () => {
    const outcome = await lookLate(
      () => {
        const { metadata, ...cluster } = world.cluster();
        world.kube.remove({ ...cluster, metadata });
        world.put(sampleCluster({ replicas: 1 }, { uid: 'uid-of-another-demo' }));
      },
      'SchedulerCluster',
      'StatefulSet',
      'Pod',
    );
    assert.ok(outcome !== undefined);
    assert.equal(world.cluster().status, undefined);
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});
