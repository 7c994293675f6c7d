/** An instance that lost its lease, on two instances that share a store, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';

describe('a node whose instance lost its lease', () => {
  it('is found where it went, also by the sessions of the instance it left', () =>
    withWorld(async ({ world, worker }) => {
      world.on(0).floor.abandon();
      worker.connect(1);
      await settle();
      worker.beat();
      await world.clock.advance(1000);
      const talker = await Talker.open(world, { place: 0 });
      talker.say(0);
      await world.clock.advance(500);
      assert.deepEqual(worker.working, [0]);
      worker.answer();
      await world.clock.advance(500);
      assert.deepEqual(talker.indexes(), [0]);
    }));

  it('gets no jobs from it while nobody knows where it went', () =>
    withWorld(async ({ world }) => {
      world.on(0).floor.abandon();
      // The store goes on saying that it is here, until it is elsewhere.
      await world.clock.advance(500);
      assert.equal(world.on(0).directory.get('n'), undefined);
    }));
});
