/** Utterances on their way in: accepted, refused, sent twice; and messages that are not served. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../test/fakes/clock.ts';
import { metric, withSession } from '../../test/fakes/simulation/session.ts';
import { Talker } from '../../test/fakes/simulation/talker.ts';

describe('acceptance', () => {
  it('is told before anything else of the job', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.say(0, { request_id: 'r-0', trace_id: 't-0' });
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      const told = talker.received.slice(1).map(({ type, event }) => (event === undefined ? type : event));
      assert.deepEqual(told, ['job_accepted', 'DISPATCHED', 'NMT_DONE', 'translation_result']);
      const [accepted] = talker.ofType('job_accepted');
      const [result] = talker.ofType('translation_result');
      assert.deepEqual(accepted, {
        type: 'job_accepted',
        session_id: talker.sessionId,
        utterance_index: 0,
        job_id: result?.['job_id'],
        request_id: 'r-0',
        trace_id: 't-0',
        duplicate: false,
      });
    }));

  it('is not told to a client that did not ask for it', () =>
    withSession(
      async ({ world, talker }) => {
        talker.say(0);
        await world.clock.advance(100);
        assert.deepEqual(talker.accepted(), []);
        assert.equal(talker.ofType('ui_event').length, 1);
      },
      {},
      ['resume', 'something-else'],
    ));

  it('is not told of what the store could not be asked about, which may be sent again', () =>
    withSession(async ({ world, talker, worker }) => {
      world.failing = 1;
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(25_000);
      assert.deepEqual(talker.accepted(), []);
      assert.deepEqual(talker.errors(), ['SCHEDULER_DEPENDENCY_DOWN']);
      assert.deepEqual(talker.ofType('error')[0]?.['details'], {
        retry_after_ms: 1000,
        utterance_index: 0,
        request_id: 'r-0',
      });
      assert.deepEqual(talker.answers(), [], 'its index is as if it had never been sent');
      world.failing = 0;
      await world.clock.advance(3000);
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(3000);
      worker.answer();
      await world.clock.advance(100);
      assert.deepEqual(talker.indexes(), [0]);
    }));
});

describe('a request that is sent again', () => {
  it('is one job, however often it is sent and wherever that job stands', () =>
    withSession(async ({ world, talker, worker }) => {
      for (let count = 0; count < 5; count++) talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(100);
      assert.deepEqual(talker.accepted().sort(), ['0:false', '0:true', '0:true', '0:true', '0:true']);
      const ids = new Set(talker.ofType('job_accepted').map((message) => message['job_id']));
      assert.equal(ids.size, 1);
      assert.deepEqual(worker.working, [0]);
      worker.answer();
      await world.clock.advance(100);
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(100);
      assert.deepEqual(talker.indexes(), [0]);
      assert.equal(talker.accepted().length, 6);
      assert.deepEqual(worker.working, []);
    }));

  it('does not hold up what follows', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      talker.say(0, { request_id: 'r-0' });
      talker.say(1, { request_id: 'r-1' });
      await world.clock.advance(100);
      worker.answer();
      await world.clock.advance(100);
      assert.deepEqual(talker.indexes(), [0, 1]);
    }));

  it('is one job on two connections around a resume', () =>
    withSession(async ({ world, talker, worker }) => {
      talker.say(0, { request_id: 'r-0' });
      const back = Talker.open(world, { place: 1, token: talker.token });
      talker.say(0, { request_id: 'r-0' });
      const resumed = await back;
      resumed.say(0, { request_id: 'r-0' });
      await world.clock.advance(1000);
      assert.equal(worker.working.length, 1);
      worker.answer();
      await world.clock.advance(1000);
      assert.deepEqual(resumed.indexes(), [0]);
      resumed.say(0, { request_id: 'r-0' });
      await world.clock.advance(1000);
      assert.deepEqual(resumed.indexes(), [0]);
      assert.deepEqual(worker.working, []);
    }));

  for (const [kind, extensions] of [
    ['of a client of the original', []],
    ['of a client that resumes', ['resume']],
  ] as const) {
    it(`is found when it was recorded and nobody heard of it, ${kind}`, () =>
      withSession(
        async ({ world, talker, worker }) => {
          world.mute.add('accept');
          talker.say(0, { request_id: 'r-0' });
          await world.clock.advance(25_000);
          assert.deepEqual(talker.errors(), ['SCHEDULER_DEPENDENCY_DOWN']);
          world.mute.clear();
          talker.say(0, { request_id: 'r-0' });
          await world.clock.advance(1000);
          worker.answer();
          await world.clock.advance(1000);
          assert.deepEqual(
            talker
              .answers()
              .filter(({ result }) => result)
              .map(({ index }) => index),
            [0],
          );
          assert.equal(new Set(worker.assigned.map((job) => job['job_id'])).size, 1);
        },
        {},
        extensions,
      ));
  }

  it('gets the answer that came while its client believed that it had failed', () =>
    withSession(
      async ({ world, talker, worker }) => {
        world.mute.add('accept');
        talker.say(0, { request_id: 'r-0' });
        await world.clock.advance(25_000);
        worker.answer();
        await world.clock.advance(3000);
        assert.deepEqual(
          talker.answers(),
          [{ index: 0, seq: undefined, result: false }],
          'one, until it asks again',
        );
        world.mute.clear();
        talker.say(0, { request_id: 'r-0' });
        await world.clock.advance(1000);
        assert.equal(talker.answers().at(-1)?.result, true);
      },
      {},
      [],
    ));

  it('needs not be sent again when its answer comes after all', () =>
    withSession(async ({ world, talker, worker }) => {
      world.mute.add('accept');
      talker.say(0, { request_id: 'r-0' });
      await world.clock.advance(25_000);
      worker.answer();
      await world.clock.advance(3000);
      assert.deepEqual(talker.answers(), [{ index: 0, seq: 1, result: true }]);
    }));
});

describe('overload', () => {
  const told = (talker: Talker) =>
    talker.ofType('error').map(({ code, details }) => ({ code, ...(details as object) }));

  it('of one session is told at once, and its answers go on', () =>
    withSession(
      async ({ world, talker, worker }) => {
        for (const index of [0, 1, 2]) talker.say(index, { request_id: `r-${String(index)}` });
        await settle();
        assert.deepEqual(told(talker), [
          { code: 'NODE_OVERLOADED', retry_after_ms: 500, utterance_index: 2, request_id: 'r-2' },
        ]);
        const [event] = talker.ofType('ui_event').filter((message) => message['event'] === 'ERROR');
        assert.equal(event?.['error_code'], 'NODE_OVERLOADED');
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(100);
        assert.deepEqual(talker.indexes(), [0, 1]);
        talker.say(2, { request_id: 'r-2' });
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(100);
        assert.deepEqual(talker.indexes(), [0, 1, 2], 'taken on when there is room, under the same index');
        assert.match(await metric(world, 'scheduler_overload_refused_total'), /reason="session_jobs"\} 1$/m);
      },
      { limits: 'max_open_jobs_per_session = 2' },
    ));

  it('leaves a gap where the client goes on without what was refused', () =>
    withSession(
      async ({ world, talker, worker }) => {
        for (const index of [0, 1]) talker.say(index);
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(100);
        talker.say(2);
        await world.clock.advance(100);
        worker.answer();
        await world.clock.advance(1500);
        assert.deepEqual(talker.errors(), ['NODE_OVERLOADED']);
        assert.deepEqual(talker.answers(), [
          { index: 0, seq: 1, result: true },
          { index: 1, seq: undefined, result: false },
          { index: 2, seq: 2, result: true },
        ]);
        assert.equal(talker.ofType('missing_result')[0]?.['reason'], 'gap_timeout');
      },
      { limits: 'max_open_jobs_per_session = 1', scheduler: 'result_hold_seconds = 1' },
    ));

  it('does not call a request refused that is open already', () =>
    withSession(
      async ({ world, talker }) => {
        for (const index of [0, 1]) talker.say(index, { request_id: `r-${String(index)}` });
        await world.clock.advance(100);
        talker.say(1, { request_id: 'r-1' });
        await settle();
        assert.deepEqual(told(talker), []);
        assert.deepEqual(talker.accepted(), ['0:false', '1:false', '1:true']);
      },
      { limits: 'max_open_jobs_per_session = 2' },
    ));

  it('by answers that are not acknowledged ends with the acknowledgement', () =>
    withSession(
      async ({ world, talker, worker }) => {
        worker.holding = false;
        for (const index of [0, 1]) talker.say(index);
        await world.clock.advance(3000);
        talker.say(2);
        await settle();
        assert.deepEqual(told(talker), [
          { code: 'NODE_OVERLOADED', retry_after_ms: 500, utterance_index: 2 },
        ]);
        talker.acknowledge(1);
        talker.say(2);
        await world.clock.advance(3000);
        assert.deepEqual(talker.indexes(), [0, 1, 2]);
      },
      { limits: 'max_unacknowledged_answers = 2' },
    ));

  it('by jobs that wait for a node concerns all sessions of the instance, and no other', () =>
    withSession(
      async ({ world, talker, worker }) => {
        worker.disconnect();
        await world.clock.advance(2000);
        for (const index of [0, 1, 2]) talker.say(index);
        await world.clock.advance(100);
        talker.say(3);
        const other = await Talker.open(world, { place: 0 });
        other.say(0);
        const elsewhere = await Talker.open(world, { place: 1 });
        elsewhere.say(0);
        await world.clock.advance(100);
        assert.deepEqual(talker.errors(), ['NODE_OVERLOADED']);
        assert.deepEqual(other.errors(), ['NODE_OVERLOADED']);
        assert.deepEqual(elsewhere.errors(), []);
      },
      { limits: 'max_waiting_jobs = 3' },
    ));
});

describe('what is not served', () => {
  /** Every message of the original's clients that is beyond the core, with the fields it sends. */
  const extras: readonly Record<string, unknown>[] = [
    { type: 'tts_started', trace_id: 't', group_id: 'g', ts_start_ms: 1 },
    { type: 'tts_play_ended', trace_id: 't', group_id: 'g', ts_end_ms: 1 },
    { type: 'room_create', client_ts: 1, display_name: 'x' },
    { type: 'room_join', room_code: '123456' },
    { type: 'room_leave', room_code: '123456' },
    { type: 'room_raw_voice_preference', room_code: '1', target_session_id: 's', receive_raw_voice: true },
    { type: 'webrtc_offer', room_code: '1', to: 's', sdp: {} },
    { type: 'webrtc_answer', room_code: '1', to: 's', sdp: {} },
    { type: 'webrtc_ice', room_code: '1', to: 's', candidate: {} },
  ];

  for (const message of extras) {
    it(`is answered by name: ${String(message['type'])}`, () =>
      withSession(async ({ talker }) => {
        talker.send(message);
        await settle();
        const [error] = talker.ofType('error');
        assert.equal(error?.['code'], 'UNSUPPORTED_FEATURE');
        assert.ok(String(error['message']).includes(JSON.stringify(message['type'])));
        assert.equal(talker.closeCode, undefined);
      }));
  }

  it('is named also when it comes before the session', () =>
    withSession(async ({ world }) => {
      const talker = await Talker.open(world, { more: { type: 'room_create' } });
      assert.deepEqual(talker.errors(), ['UNSUPPORTED_FEATURE']);
    }));

  it('is a pairing code: the session begins without it, and the client is told', () =>
    withSession(async ({ world }) => {
      const talker = await Talker.open(world, { more: { pairing_code: '123456' } });
      assert.deepEqual(
        talker.received.map(({ type }) => type),
        ['session_init_ack', 'error'],
      );
      assert.deepEqual(talker.errors(), ['UNSUPPORTED_FEATURE']);
      assert.match(String(talker.ofType('error')[0]?.['message']), /pairing_code/);
      talker.say(0);
      await world.clock.advance(100);
      assert.deepEqual(talker.accepted(), ['0:false']);
    }));
});
