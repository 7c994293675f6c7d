/** A person holds a rollout where it is; and an operator that comes anew to a fleet begins none. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pods, statefulSets, type Pod } from '../../operator/kube/resources.ts';
import { World } from './world.ts';

const demo = { namespace: 'default', name: 'demo' };
const next = 'lingua-scheduler:next';

let world: World;
let busy: Set<string>;
beforeEach(async () => {
  world = new World();
  busy = new Set();
  world.drains = (name) => !busy.has(name);
  await world.start();
});
afterEach(() => {
  world.end();
});

const settled = (): Promise<void> => world.settled({ replicas: 3 });
const change = (): void => {
  world.edit((spec) => (spec.image = next));
};
const pod = (name: string): Pod | undefined => world.kube.peek(pods, { namespace: 'default', name });
const changed = (): string[] =>
  world.kube
    .all(pods)
    .filter(({ spec }) => spec!.containers[0]!.image === next)
    .map(({ metadata }) => metadata.name)
    .sort();
const partition = (): number | undefined =>
  world.kube.peek(statefulSets, demo)!.spec!.updateStrategy!.rollingUpdate!.partition;
const pass = async (seconds: number): Promise<void> => {
  for (let left = seconds; left > 0; left -= 5) {
    await world.clock.advance(5_000);
    await world.look();
    world.controller.step();
  }
};

describe('a pause', () => {
  it('holds a change, says so, and still heals and scales', async () => {
    await settled();
    world.annotate('lingua.dev/paused', 'true');
    change();
    await world.converge();
    assert.deepEqual(changed(), []);
    assert.equal(world.says('Ready'), 'False Paused');
    assert.equal(world.says('Available'), 'True EnoughReady');
    world.kube.remove(pod('demo-1')!);
    world.edit((spec) => (spec.replicas = 4));
    await world.converge();
    assert.equal(world.cluster().status!.readyReplicas, 4);
    assert.deepEqual(changed(), [], 'what was healed and added is as the others are');
    world.annotate('lingua.dev/paused', undefined);
    await world.converge();
    assert.equal(changed().length, 4);
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('in the middle keeps the half that is done', async () => {
    await settled();
    busy.add('demo-1');
    change();
    await pass(30);
    assert.deepEqual(changed(), ['demo-2']);
    world.annotate('lingua.dev/paused', 'true');
    busy.clear();
    await world.converge();
    assert.deepEqual(changed(), ['demo-2'], 'the one that had drained came back as it was');
    assert.equal(world.cluster().status!.readyReplicas, 3);
    world.kube.remove(pod('demo-2')!);
    await world.converge();
    assert.deepEqual(changed(), ['demo-2'], 'and so does the one that was done');
  });

  it('of a fleet with nothing to change is just ready', async () => {
    await settled();
    world.annotate('lingua.dev/paused', 'true');
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});

it('a fleet of an older operator, without the hash of its template, is not restarted', async () => {
  await settled();
  const set = world.kube.peek(statefulSets, demo)!;
  const annotations = { ...set.metadata.annotations };
  delete annotations['lingua.dev/template-hash'];
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } };
  world.kube.put({
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...set.spec!, updateStrategy },
  });
  const before = world.kube.all(pods).map(({ metadata }) => metadata.uid);
  await world.start();
  await world.converge();
  assert.deepEqual(
    world.kube.all(pods).map(({ metadata }) => metadata.uid),
    before,
  );
  assert.equal(partition(), 3);
});
