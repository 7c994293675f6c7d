/** What a client is told when the desk fails, on a connection without a network. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import { withSession } from '../../test/fakes/simulation/session.ts';

describe('a session whose utterances fail in a way that nobody foresaw', () => {
  it('is told of each, and goes on', () =>
    withSession(async ({ world, worker, talker }) => {
      const { desk } = world.on(0);
      const real = desk.utterance.bind(desk);
      desk.utterance = () => Promise.reject(new AppError('unavailable', 'the store is away'));
      // More than may wait for the store at once.
      for (let index = 0; index < 70; index++) talker.say(index);
      await world.clock.advance(100);
      assert.deepEqual(new Set(talker.errors()), new Set(['SCHEDULER_DEPENDENCY_DOWN']));
      assert.equal(talker.errors().length, 70);
      desk.utterance = real;
      talker.say(70);
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      assert.deepEqual(talker.indexes(), [70]);
      talker.send({ type: 'session_close' });
      await world.clock.advance(100);
      assert.equal(talker.ofType('session_close_ack').length, 1);
    }));
});
