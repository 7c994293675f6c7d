/**
 * The watch of pods is later than all others: the StatefulSet is as it was seen, and yet a pod has just become not ready. No
 * instance is given up on what was true a moment ago.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { canary, RolloutWorld } from './rollout-world.ts';

const key = 'default/demo';

let world: RolloutWorld;
beforeEach(async () => {
  world = await RolloutWorld.begin();
});
afterEach(() => {
  world.end();
});

function becomes(name: string, ready: 'True' | 'False'): void {
  world.patchPodStatus(name, (status) => ({ ...status, conditions: [{ type: 'Ready', status: ready }] }));
}

/** One instance does not work, and everybody knows it. */
async function isBroken(name: string): Promise<void> {
  world.report = (asked) => (asked === name ? undefined : {});
  becomes(name, 'False');
  await world.clock.advance(7_000);
  await world.look();
}

/** Meanwhile it has come up, and the first one has not: of three, one is missing. */
const anotherIsMissing = (name: string) => (): void => {
  becomes(name, 'True');
  becomes('demo-0', 'False');
};

/** Looks while the watch of pods tells nothing of what happens. */
async function lookLate(happens: () => void): Promise<string | undefined> {
  world.frozen.add('Pod');
  happens();
  world.resync();
  await world.look();
  world.frozen.delete('Pod');
  return world.outcomes.get(key);
}

describe('while the watch of pods is late', () => {
  it('an update tells no instance to drain when another has become not ready', async () => {
    await world.settled();
    world.change();
    await world.look();
    world.controller.step();
    const outcome = await lookLate(() => {
      becomes('demo-0', 'False');
    });
    assert.equal(outcome, 'outdated');
    assert.deepEqual(world.told, []);
    await world.pass(30);
    assert.deepEqual(world.told, [], 'nor when the watch has told');
    becomes('demo-0', 'True');
    await world.converge();
    assert.deepEqual(world.changed(), ['demo-0', 'demo-1', 'demo-2']);
  });

  it('an update takes no instance that works by now when another does not any more', async () => {
    await world.settled();
    await isBroken('demo-2');
    world.change();
    await world.look();
    world.controller.step();
    const outcome = await lookLate(anotherIsMissing('demo-2'));
    assert.equal(outcome, 'outdated');
    assert.equal(world.partition(), 3);
  });

  it('a way back takes no instance that works by now when another does not any more', async () => {
    await world.settled(canary);
    world.change();
    await world.untilSoaking();
    const tried = world.pod('demo-2')!.metadata.uid;
    await isBroken('demo-2');
    for (let round = 0; round < 200 && world.outcomes.get(key) !== 'again'; round += 1) {
      await world.clock.advance(5_000);
      await world.look();
    }
    assert.equal(world.cluster().status!.rollout!.verdict, 'Failed');
    // The partition is put above all, and its controller knows.
    await world.pass(5);
    assert.equal(world.pod('demo-2')?.metadata.uid, tried);
    const outcome = await lookLate(anotherIsMissing('demo-2'));
    assert.equal(outcome, 'outdated');
    assert.equal(world.pod('demo-2')?.metadata.uid, tried);
  });
});
