/** An instance that lost its lease and claimed it again before anybody missed it, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import { Worker } from '../../test/fakes/simulation/worker.ts';
import { World } from '../../test/fakes/simulation/world.ts';

describe('a job on a node of an instance that has its lease again', () => {
  it('goes to another node at once when its own was let go of, and stays where it is otherwise', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world);
      talker.say(0);
      await world.clock.advance(100);
      assert.deepEqual(worker.working, [0]);
      const [first, second] = world.instances;
      const holder = worker.place === 0 ? first! : second!;
      first!.desk.instanceReturned(holder.instanceId);
      await world.clock.advance(200);
      assert.deepEqual([worker.working, worker.assigned.length], [[0], 1]);

      holder.floor.abandon();
      const other = new Worker(world, 'n-other', 1 - worker.place);
      other.wellBehaved = true;
      await settle();
      other.beat();
      await world.clock.advance(300);
      first!.desk.instanceReturned(holder.instanceId);
      await world.clock.advance(1500);
      assert.deepEqual(talker.answers(), [{ index: 0, seq: 1, result: true }]);
    }));
});

describe('a job on a node of an instance that was started, killed and started anew between two looks', () => {
  it('goes to another node long before its time there is up', async () => {
    const world = await World.start(1);
    const lost = new Worker(world, 'n-lost', 1);
    lost.wellBehaved = lost.holding = true;
    await settle();
    lost.beat();
    await world.clock.advance(500);
    const talker = await Talker.open(world);
    talker.say(0);
    await world.clock.advance(100);
    assert.deepEqual(lost.working, [0]);
    world.kill(1);
    await world.raise(1);
    const other = new Worker(world, 'n-other', 0);
    other.wellBehaved = true;
    await settle();
    other.beat();
    // A look comes every two seconds; a node has five for a job.
    await world.clock.advance(3000);
    assert.deepEqual(talker.answers(), [{ index: 0, seq: 1, result: true }]);
    await world.stop();
  });
});
