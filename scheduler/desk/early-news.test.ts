/** What is heard of a job before the store has answered that it is accepted: its hint went with the record. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import { withWorld } from '../../test/fakes/simulation/session.ts';

describe('before the store has answered', () => {
  it('a result is told after the acceptance and DISPATCHED, and once', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world, { place: 1 });
      world.slow.set('accept', [2000]);
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(500);
      worker.answer();
      await world.clock.advance(500);
      const told = () => talker.received.slice(1).map(({ type, event }) => event ?? type);
      const all = ['job_accepted', 'DISPATCHED', 'NMT_DONE', 'translation_result'];
      assert.deepEqual(told(), all);
      await world.clock.advance(5000);
      assert.deepEqual(told(), all);
    }));

  it('the loss of its node is remembered until then, and the job goes to a node at once', () =>
    withWorld(async ({ world, worker }) => {
      const talker = await Talker.open(world, { place: 1 });
      world.slow.set('accept', [8000]);
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(500);
      assert.deepEqual(worker.working, [0]);
      worker.disconnect();
      await world.clock.advance(6000);
      assert.deepEqual(talker.accepted(), []);
      worker.connect(0);
      await world.clock.advance(500);
      worker.beat();
      await world.clock.advance(4000);
      assert.deepEqual(talker.accepted(), ['0:false']);
      assert.deepEqual(worker.working, [0]);
      worker.answer();
      await world.clock.advance(500);
      assert.deepEqual(talker.indexes(), [0]);
    }));
});
