/** What an instance believes of a node that refused a job. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';

describe('a node that was gone for a moment', () => {
  it('gets jobs again at once, though its refusal comes after the news that it is back', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world, { place: 1 });
      worker.disconnect();
      await settle();
      // Told again and again, because the store does not say that it was done.
      world.mute.add('send');
      const job = { job_id: 'job-1', session_id: talker.sessionId, attempt: 1, node_id: 'n' };
      void world.on(0).floor.assign({ type: 'assign', ...job, from: 'b' }, false);
      worker.connect(0);
      await settle();
      worker.beat();
      await world.clock.advance(3000);
      world.mute.clear();
      await world.clock.advance(2500);
      talker.say(0);
      await world.clock.advance(1000);
      assert.deepEqual(worker.working, [0]);
    }));
});
