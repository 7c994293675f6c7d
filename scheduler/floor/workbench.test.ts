/** What a node says about a job whose assignment its instance has not read yet: it was given the job earlier. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { withWorld, type Place } from '../../test/fakes/simulation/session.ts';
import { oneEach, Talker } from '../../test/fakes/simulation/talker.ts';
import { Worker } from '../../test/fakes/simulation/worker.ts';

/**
 * The node works on utterance 1 and is back at its instance, which had let go of it, is told of the job again and reads its
 * record.
 *
 * @param from who tells: b has the session
 */
async function backWithAJob({ world, worker }: Place, from: 'a' | 'b') {
  worker.textLength = 9;
  const talker = await Talker.open(world, { place: 1 });
  talker.say(0);
  await world.clock.advance(500);
  worker.answer();
  await world.clock.advance(500);
  talker.say(1);
  await world.clock.advance(500);
  const { job_id, session_id, attempt_id } = worker.assigned.at(-1)!;
  const ref = { job_id: String(job_id), session_id: String(session_id), attempt: Number(attempt_id) };
  const { floor } = world.on(0);
  floor.abandon();
  worker.connect(0);
  await settle();
  worker.beat();
  world.slow.set('get', [300]);
  const tell = () => void floor.assign({ type: 'assign', ...ref, node_id: 'n', from }, false);
  tell();
  return { talker, tell };
}

describe('before its assignment was read, a job', () => {
  it('is answered as the utterance that it is', () =>
    withWorld(async (place) => {
      const { talker } = await backWithAJob(place, 'a');
      place.worker.answer();
      await place.world.clock.advance(1000);
      assert.deepEqual(talker.answers(), oneEach(0, 1));
      const [first, second] = talker.ofType('translation_result').map(({ trace_id }) => trace_id);
      assert.equal(second, first, 'the trace of the session');
    }));

  it('holds up its instance, which leaves only when the answer is recorded', () =>
    withWorld(async (place) => {
      await backWithAJob(place, 'b');
      const { jobs } = place.world.on(0).floor;
      place.world.slow.set('get', [300]);
      place.worker.answer();
      await place.world.clock.advance(200);
      assert.ok(jobs.finishing > 0);
      await place.world.clock.advance(500);
      assert.equal(jobs.finishing, 0);
    }));

  it('is done once more when the store does not say what it was about', () =>
    withWorld(async (place) => {
      const { tell } = await backWithAJob(place, 'b');
      const { world, worker } = place;
      world.failing = 1;
      worker.answer();
      await world.clock.advance(61_000);
      world.failing = 0;
      tell();
      await settle();
      assert.deepEqual(worker.working, [1]);
    }));

  it('goes to another node when its own lacks the model', () =>
    withWorld(async (place) => {
      const { talker } = await backWithAJob(place, 'b');
      const other = new Worker(place.world, 'n-2', 1);
      other.wellBehaved = other.holding = true;
      await settle();
      other.beat();
      await settle();
      place.worker.lackModel();
      await place.world.clock.advance(1000);
      assert.deepEqual(other.working, [1]);
      assert.deepEqual(talker.indexes(), [0]);
    }));

  it('is nothing that its session could hear about', () =>
    withWorld(async (place) => {
      const { talker } = await backWithAJob(place, 'b');
      place.worker.acknowledge();
      await place.world.clock.advance(200);
      const events = () => talker.ofType('ui_event').filter(({ event }) => event === 'NODE_ACCEPTED');
      assert.deepEqual(events(), []);
      await place.world.clock.advance(200);
      place.worker.acknowledge();
      await place.world.clock.advance(200);
      const indexes = events().map(({ utterance_index }) => utterance_index);
      assert.deepEqual(indexes, [1], 'when it was read');
    }));
});
