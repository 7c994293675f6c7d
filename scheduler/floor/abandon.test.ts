/** An instance that lost its lease, on two instances that share a store, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import { Worker } from '../../test/fakes/simulation/worker.ts';

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

describe('an assignment to a node that has left', () => {
  it('is refused until its owner, which had no lease for a while, hears of it', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world, { place: 0 });
      talker.say(0);
      await world.clock.advance(100);
      const other = new Worker(world, 'n-2', 1);
      other.wellBehaved = other.holding = true;
      await settle();
      other.beat();
      await world.clock.advance(500);
      const { job_id, session_id, attempt_id } = worker.assigned[0]!;
      const ref = { job_id: String(job_id), session_id: String(session_id), attempt: Number(attempt_id) };

      const { instances } = world.store;
      const identity = { instanceId: 'a', boot: 'another', podUid: 'a' };
      await instances.release(world.on(0).lease.token!);
      void world.on(1).floor.assign({ type: 'assign', ...ref, node_id: 'n', from: 'a' }, false);
      await world.clock.advance(1000);
      assert.deepEqual(other.working, [], 'the owner could not be told');
      await instances.claim(identity, 45_000);
      await world.clock.advance(3000);
      assert.deepEqual(other.working, [0], 'long before its time on the lost node was up');
    }));
});
