/** Streamed audio on its way to utterances. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { metric, withSession } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';
import type { Worker } from '../../test/fakes/simulation/worker.ts';

describe('streamed audio', () => {
  const chunk = (text: string, isFinal = false) => ({
    type: 'audio_chunk',
    is_final: isFinal,
    seq: 7,
    payload: Buffer.from(text).toString('base64'),
  });
  const heard = (worker: Worker) =>
    worker.assigned.map((job) => Buffer.from(String(job['audio']), 'base64').toString());

  it('is one job for what lies between two marks of the client', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.send(chunk('ab'));
      talker.send(chunk('c'));
      talker.send(chunk('d', true));
      talker.send(chunk('e', true));
      await world.clock.advance(100);
      assert.deepEqual(heard(worker), ['abcd', 'e']);
      assert.deepEqual(worker.working, [0, 1]);
      const [job] = worker.assigned;
      assert.deepEqual([job?.['audio_format'], job?.['sample_rate']], ['pcm16', 16_000]);
      assert.deepEqual([job?.['src_lang'], job?.['tgt_lang']], ['a', 'b']);
      worker.answer();
      await world.clock.advance(100);
      assert.deepEqual(talker.indexes(), [0, 1]);
      assert.match(await metric(world, 'scheduler_web_task_finalized_total'), /reason="send"\} 2$/m);
      assert.match(await metric(world, 'scheduler_web_task_pause_ms'), / 1000$/);
    }));

  it('is cut at a pause, whether or not something follows', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.send(chunk('ab'));
      await world.clock.advance(999);
      assert.deepEqual(heard(worker), []);
      await world.clock.advance(200);
      assert.deepEqual(heard(worker), ['ab']);
      talker.send(chunk('cd'));
      await world.clock.advance(500);
      talker.send(chunk('ef'));
      await world.clock.advance(1200);
      assert.deepEqual(heard(worker), ['ab', 'cdef']);
      assert.match(await metric(world, 'scheduler_web_task_finalized_total'), /reason="pause"\} 2$/m);
    }));

  it('makes no job of silence', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.send({ type: 'audio_chunk', is_final: true });
      talker.send({ type: 'audio_chunk', is_final: true, payload: '' });
      talker.send({ type: 'audio_chunk', is_final: false, payload: null });
      await world.clock.advance(5000);
      assert.deepEqual(worker.assigned, []);
      assert.deepEqual(talker.errors(), []);
    }));

  it('that is not base64 is refused by name and loses nothing of what came before', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.send(chunk('ab'));
      for (const payload of ['a b', '====', 'ä', 'AA=A', '%']) {
        talker.send({ type: 'audio_chunk', is_final: false, payload });
      }
      talker.send({ type: 'audio_chunk', is_final: true });
      await world.clock.advance(100);
      assert.deepEqual(talker.errors(), Array<string>(5).fill('INVALID_MESSAGE'));
      assert.match(String(talker.ofType('error')[0]?.['message']), /payload/);
      assert.deepEqual(heard(worker), ['ab']);
    }));

  it('never fills more memory than one message may', () =>
    withSession(
      async ({ world, talker, worker }) => {
        for (let count = 0; count < 6; count++) talker.send(chunk('x'.repeat(400)));
        talker.send({ type: 'audio_chunk', is_final: true });
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(1000);
        assert.ok(heard(worker).every((text) => text.length <= 512));
        assert.match(await metric(world, 'scheduler_web_task_finalized_total'), /reason="limit"\} 5$/m);
      },
      { limits: 'max_payload_bytes = 1024' },
    ));

  it('counts on where whole utterances have got to', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.say(4);
      talker.send(chunk('ab', true));
      await world.clock.advance(100);
      assert.deepEqual(worker.working, [4, 5]);
    }));

  it('loses what was not finished when the connection ends, and counts on after a resume', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.send(chunk('ab', true));
      talker.send(chunk('cd', true));
      await world.clock.advance(100);
      worker.answer(0);
      await world.clock.advance(100);
      talker.send(chunk('lost'));
      await talker.cut({ noticed: true });
      await world.clock.advance(2000);
      const back = await Talker.open(world, { place: 1, token: talker.token, lastSeq: 1 });
      back.send(chunk('ef', true));
      await world.clock.advance(100);
      assert.deepEqual(heard(worker), ['ab', 'cd', 'ef']);
      assert.equal(worker.working.at(-1), 2);
    }));
});
