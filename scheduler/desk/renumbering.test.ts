/** A store that lost what it had confirmed last, as Redis does in a power failure, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withWorld, type Place } from '../../test/fakes/simulation/session.ts';
import { oneEach, Talker } from '../../test/fakes/simulation/talker.ts';
import type { World } from '../../test/fakes/simulation/world.ts';

describe('a session whose store comes back without its newest answers', () => {
  /** Its record stands, and its answers are counted from the start. */
  async function lose(world: World, { sessionId, token }: Talker): Promise<void> {
    const { sessions } = world.store;
    const record = await sessions.get(sessionId);
    await sessions.release({ sessionId, epoch: 1, owner: 'a', keepMs: 1 });
    await world.clock.advance(10);
    const resumeToken = token.slice(token.indexOf('.') + 1);
    const attributes = record?.attributes ?? '';
    await sessions.open({ sessionId, owner: 'a', attributes, resumeToken, ttlMs: 60_000 });
  }

  async function answerOf(
    world: World,
    sessionId: string,
    index: number,
    jobId = `job-${String(index)}`,
  ): Promise<void> {
    const job = { sessionId, jobId };
    const rest = { sessionEpoch: 1, assign: '{}', audio: '', deadlineMs: 60_000, keepMs: 60_000 };
    await world.store.jobs.accept({ ...job, ...rest, utteranceIndex: index });
    const result = {
      textAsr: '',
      textTranslated: 'x',
      ttsAudio: '',
      ttsFormat: 'pcm16',
      traceId: '',
    } as const;
    const answer = { kind: 'result', ...result } as const;
    await world.store.jobs.finish({ ...job, attempt: 0, answer, keepMs: 60_000 });
  }

  /** Each is said, and its job answered. */
  async function talk(
    { world, worker }: Place,
    talker: Talker,
    ...indexes: readonly number[]
  ): Promise<void> {
    for (const index of indexes) talker.say(index);
    await world.clock.advance(100);
    worker.answer();
    await world.clock.advance(100);
  }

  it('hears those that follow, under numbers of their own', () =>
    withWorld(async (place) => {
      const { world } = place;
      const talker = await Talker.open(world);
      await talk(place, talker, 0, 1);
      await lose(world, talker);
      await talk(place, talker, 2, 3);
      assert.deepEqual(talker.answers(), oneEach(0, 1, 2, 3));
      await talker.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: talker.token, lastSeq: 3 });
      await world.clock.advance(100);
      assert.deepEqual(after.answers(), [{ index: 3, seq: 4, result: true }]);
    }));

  it('hears no second answer to what it had had before', () =>
    withWorld(async (place) => {
      const { world, worker } = place;
      const talker = await Talker.open(world);
      await talk(place, talker, 0, 1);
      const first = String(worker.assigned[0]?.['job_id']);
      // The record of what has ended goes with the rest.
      await world.clock.advance(100_000);
      await lose(world, talker);
      await answerOf(world, talker.sessionId, 0, first);
      await talk(place, talker, 2);
      assert.deepEqual(
        talker.answers().map(({ index }) => index),
        [0, 1, 2],
      );
    }));

  it('hears no second answer either when that comes after what is new', () =>
    withWorld(async (place) => {
      const { world, worker } = place;
      const talker = await Talker.open(world);
      await talk(place, talker, 0, 1);
      const first = String(worker.assigned[0]?.['job_id']);
      await world.clock.advance(100_000);
      await lose(world, talker);
      await talk(place, talker, 2);
      await answerOf(world, talker.sessionId, 0, first);
      await talk(place, talker, 3);
      assert.deepEqual(
        talker.answers().map(({ index }) => index),
        [0, 1, 2, 3],
      );
    }));

  it('hears on another instance what was answered since, though it has had as many', () =>
    withWorld(async (place) => {
      const { world } = place;
      const before = await Talker.open(world);
      await talk(place, before, 0, 1);
      await lose(world, before);
      await answerOf(world, before.sessionId, 2);
      await before.cut({ noticed: true });
      const after = await Talker.open(world, { place: 1, token: before.token, lastSeq: 2 });
      await world.clock.advance(100);
      assert.deepEqual(after.answers(), [{ index: 2, seq: 3, result: true }]);
    }));
});
