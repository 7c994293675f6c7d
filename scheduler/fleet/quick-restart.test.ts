/** An instance that is started anew so quickly that its nodes are back before another instance has looked who lives. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { holdingWorker, withWorld, type Place } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';

/** By then the other instance has read that the node is back; who lives it looks only every two seconds. */
const readMs = 400;
const lookedMs = 2500;

/** Instance a is killed just after b has looked, and has its node again at once. */
async function restart({ world, worker }: Place): Promise<void> {
  await world.clock.advance(2100 - (world.clock.monotonic() % 2000));
  world.kill(0);
  await world.raise(0);
  worker.cutOff();
  worker.connect(0);
  await settle();
  worker.beat();
  await world.clock.advance(readMs);
}

describe('an instance that is back at once', () => {
  it('keeps the nodes that have come back to it in the eyes of the others', () =>
    withWorld(async (place) => {
      const talker = await Talker.open(place.world, { place: 1 });
      await restart(place);
      await place.world.clock.advance(lookedMs);
      talker.say(0);
      await place.world.clock.advance(500);
      assert.deepEqual(place.worker.working, [0]);
    }));

  it('goes on with the jobs that it was given since, though another node could take them', () =>
    withWorld(async (place) => {
      const { world, worker } = place;
      const talker = await Talker.open(world, { place: 1 });
      await restart(place);
      talker.say(0);
      await world.clock.advance(100);
      assert.deepEqual(worker.working, [0]);
      const other = await holdingWorker(world, 'm', 1);
      await world.clock.advance(lookedMs);
      assert.deepEqual(other.assigned, []);
      worker.answer();
      await world.clock.advance(500);
      assert.equal(talker.ofType('translation_result').length, 1);
    }));

  it('is told again of a job of its last life whose node is back', () =>
    withWorld(async (place) => {
      const { world, worker } = place;
      const talker = await Talker.open(world, { place: 1 });
      talker.say(0);
      await world.clock.advance(200);
      assert.deepEqual(worker.working, [0]);
      await restart(place);
      await world.clock.advance(lookedMs);
      assert.deepEqual(
        worker.assigned.map((job) => job['attempt_id']),
        [1, 1],
      );
      worker.answer();
      await world.clock.advance(500);
      assert.equal(talker.ofType('translation_result').length, 1);
    }));
});
