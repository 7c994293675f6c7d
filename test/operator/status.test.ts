/** What the status says, and when: never more than was seen, and never for a generation that was not acted on. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => {
  world.end();
});

const settled = (wish = {}): Promise<void> => world.settled(wish);

describe('the status after an edit', () => {
  it('is not ready for the new generation before the pods are', async () => {
    await settled();
    const before = world.cluster().metadata.generation!;
    world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
    await world.look();
    const { observedGeneration, status } = world.condition('Ready');
    assert.equal(observedGeneration, before + 1);
    assert.equal(status, 'False');
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.condition('Ready').observedGeneration, before + 1);
  });

  it('is not ready while the cache still shows the StatefulSet from before', async () => {
    await settled();
    world.frozen.add('StatefulSet');
    world.edit((spec) => (spec.image = 'lingua-scheduler:next'));
    for (let looks = 0; looks < 3; looks += 1) {
      await world.look();
      assert.equal(world.says('Ready'), 'False RollingOut');
      world.resync();
    }
    world.frozen.clear();
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });

  it('is not written anew by an operator that has just started and has asked only one instance so far', async () => {
    await settled({ replicas: 3 });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    world.answers = ({ metadata }) => (metadata.name === 'demo-0' ? undefined : answered);
    await world.start();
    world.kube.forget();
    for (let looks = 0; looks < 3; looks += 1) {
      await world.look();
      world.resync();
    }
    assert.deepEqual(world.kube.writes(), []);
    answer();
    await world.converge();
    assert.deepEqual(world.kube.writes(), []);
    assert.match(world.condition('RedisReachable').message, /^3 instances/);
  });

  it('of something that no pod sees stays ready, for the new generation', async () => {
    await settled();
    world.edit((spec) => (spec.service.sessionAffinity = 'ClientIP'));
    await world.look();
    assert.equal(world.says('Ready'), 'True FleetReady');
    assert.equal(world.condition('Ready').observedGeneration, world.cluster().metadata.generation);
  });

  it('moves a transition time only when a condition turns', async () => {
    await settled();
    const created = world.condition('Available').lastTransitionTime;
    await world.clock.advance(3_600_000);
    world.edit((spec) => (spec.replicas = 3));
    await world.converge();
    assert.equal(world.condition('Available').lastTransitionTime, created);
    assert.notEqual(world.condition('Ready').lastTransitionTime, created);
  });
});

describe('Redis', () => {
  it('that the instances cannot reach is said with their words', async () => {
    await settled();
    world.report = () => ({
      redis: {
        reachable: false,
        mode: 'single',
        keyPrefix: 'p',
        roundTripMs: null,
        error: 'ECONNREFUSED 10.1.1.1:6379',
      },
    });
    await world.converge();
    assert.equal(world.says('RedisReachable'), 'False Unreachable');
    assert.match(world.condition('RedisReachable').message, /ECONNREFUSED/);
    assert.equal(world.says('Ready'), 'False Unreachable');
    world.report = () => ({});
    await world.converge();
    assert.equal(world.says('Ready'), 'True FleetReady');
  });
});

describe('figures', () => {
  it('of connections alone cost a write a minute at most', async () => {
    await settled();
    let sessions = 0;
    world.report = () => ({ connections: { sessions: (sessions += 1), nodes: 1 } });
    for (let second = 0; second < 300; second += 1) {
      await world.clock.advance(1_000);
      await world.look();
    }
    const writes = world.kube.writes().length;
    assert.ok(writes >= 3 && writes <= 6, `${String(writes)} writes in five minutes`);
  });
});
