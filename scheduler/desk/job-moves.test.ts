/** Where jobs go and whose slots they hold, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import { Worker } from '../../test/fakes/simulation/worker.ts';

describe('a job', () => {
  it('whose request is accepted already leaves the slot that was meant for it', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world, { place: 1 });
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(10);
      talker.say(1, { request_id: 'r-0' });
      await world.clock.advance(10);
      assert.deepEqual([talker.accepted(), worker.working], [['0:false', '1:true'], [0]]);
      assert.equal(world.on(1).directory.get('n')?.running, 1);
    }));

  it('of a session that the store has forgotten is accepted once the session is made anew', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world);
      await world.store.sessions.release({ sessionId: talker.sessionId, epoch: 1, owner: 'a', keepMs: 1 });
      await world.clock.advance(10);
      assert.equal(await world.store.sessions.get(talker.sessionId), undefined);
      talker.say(0);
      await world.clock.advance(10);
      assert.deepEqual([talker.accepted(), worker.working], [['0:false'], [0]]);
    }));

  it('that no node finishes in time visits another each time, and none twice while there is one it has not seen', () =>
    withWorld(async ({ world, worker }) => {
      const workers = [worker];
      for (const id of ['n-2', 'n-3', 'n-4']) {
        const another = new Worker(world, id, 0);
        another.wellBehaved = another.holding = true;
        workers.push(another);
        await settle();
        another.beat();
      }
      await world.clock.advance(500);
      const talker = await Talker.open(world);
      for (const index of [0, 1, 2, 3, 4]) {
        talker.say(index);
        await world.clock.advance(25_000);
        const visits = workers.map(
          ({ assigned }) => assigned.filter((job) => job['utterance_index'] === index).length,
        );
        assert.deepEqual(visits, [1, 1, 1, 1], `utterance ${String(index)}`);
      }
      assert.deepEqual(new Set(talker.errors()), new Set(['JOB_TIMEOUT']));
    }));

  it('is counted as finishing until the store has its outcome, and not for longer when it never has', () =>
    withWorld(async ({ world, worker }) => {
      const { floor } = world.on(0);
      const talker = await Talker.open(world);
      world.slow.set('finish', [1000]);
      talker.say(0);
      await world.clock.advance(10);
      worker.answer();
      await world.clock.advance(10);
      assert.equal(floor.jobs.finishing, 1);
      await world.clock.advance(1000);
      assert.equal(floor.jobs.finishing, 0);
      world.mute.add('finish');
      talker.say(1);
      await world.clock.advance(10);
      worker.answer();
      await world.clock.advance(10);
      assert.equal(floor.jobs.finishing, 1);
      await world.clock.advance(300_000);
      assert.equal(floor.jobs.finishing, 0);
    }));
});
