/** Sessions that are cut off and come back, with real processes, sockets and Redis. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { Message } from '../support/message-log.ts';
import { translationOf } from '../support/node-client.ts';
import type { SessionClient } from '../support/session-client.ts';
import { Fleet } from './fleet.ts';

const base64 = (audio: string): string => Buffer.from(audio).toString('base64');
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
const extensions = ['resume', 'job_accepted'];
const requestOf = (index: number): string => `r-${String(index)}`;

const speak = (session: SessionClient, ...indexes: number[]): void => {
  for (const index of indexes) session.say({ index, requestId: requestOf(index) });
};

const results = (session: SessionClient): Message[] => session.log.ofType('translation_result');

describe('a session of three instances', () => {
  let fleet: Fleet;
  before(async () => {
    fleet = await Fleet.start({ instances: ['scheduler-1', 'scheduler-2', 'scheduler-3'] });
  });
  afterEach(() => fleet.disconnectAll());
  after(() => fleet.stop());

  it('is resumed on another instance, while its jobs run on a third', async () => {
    const node = await fleet.node('scheduler-3', { slots: 4, delayMs: () => undefined });
    const before = await fleet.session('scheduler-1', { extensions });
    speak(before, 0, 1, 2);
    await eventually('all are on the node', () => node.running === 3);
    await before.terminate();
    for (const job of node.jobs().slice(0, 2)) node.finish(job);
    const resumed = await fleet.session('scheduler-2', {
      extensions,
      resume_token: before.token,
      last_seq: 0,
    });
    assert.equal(resumed.sessionId, before.sessionId);
    const [, , last] = node.jobs();
    assert.ok(last);
    node.finish(last);
    await resumed.result(2);
    assert.deepEqual(resumed.answered(), [0, 1, 2]);
    assert.deepEqual(
      results(resumed).map((message) => message['text_translated']),
      range(3).map((index) => translationOf(base64(`audio-${String(index)}`))),
    );
    assert.deepEqual(
      results(resumed)
        .map((message) => message['seq'])
        .sort(),
      [1, 2, 3],
    );
    assert.equal(node.jobs().length, 3, 'nothing was run twice');
  });

  it('closes the connection that seemed to be alive, at once', async () => {
    const old = await fleet.session('scheduler-1', { extensions });
    const young = await fleet.session('scheduler-2', { extensions, resume_token: old.token });
    assert.equal((await old.closed).code, 4009);
    young.send({ type: 'client_heartbeat', session_id: young.sessionId, timestamp: 1, last_seq: 0 });
    await young.log.first('server_heartbeat', ({ type }) => type === 'server_heartbeat');
  });

  it('is one session when all instances resume it at once', async () => {
    const node = await fleet.node('scheduler-1', { delayMs: 20 });
    const old = await fleet.session('scheduler-1', { extensions });
    speak(old, 0);
    await old.accepted('r-0');
    const racers = await Promise.all(
      [1, 2, 3].map((id) =>
        fleet.session(`scheduler-${String(id)}`, { extensions, resume_token: old.token, last_seq: 0 }),
      ),
    );
    const left = () => [old, ...racers].filter(({ connected }) => connected);
    await eventually('one is left', () => left().length === 1);
    const [winner] = left();
    speak(winner!, 1);
    await winner!.result(1);
    assert.deepEqual(winner!.answered(), [0, 1]);
    assert.equal(node.jobs().length, 2);
  });

  it('outlives the instance that held it, with all its jobs', async () => {
    const node = await fleet.node('scheduler-2', { slots: 64, delayMs: 300 });
    const before = await fleet.session('scheduler-3', { extensions });
    speak(before, ...range(40));
    await Promise.all(range(40).map((index) => before.accepted(requestOf(index))));
    await fleet.on('scheduler-3').kill();
    const resumed = await fleet.session('scheduler-1', {
      extensions,
      resume_token: before.token,
      last_seq: 0,
    });
    const had = new Set(results(before).map((message) => Number(message['utterance_index'])));
    await Promise.all(range(40).map((index) => resumed.result(index)));
    for (const index of range(40)) {
      const [first, ...more] = results(resumed).filter((message) => message['utterance_index'] === index);
      assert.equal(more.length, 0, `utterance ${String(index)} is answered once`);
      assert.equal(first?.['text_translated'], translationOf(base64(`audio-${String(index)}`)));
    }
    assert.ok(had.size < 40, 'some were open when it died');
    assert.equal(node.jobs().length, 40);
    await fleet.add('scheduler-3');
  });

  it('is begun anew when its record is gone, and takes its requests again', async () => {
    await fleet.node('scheduler-1');
    const before = await fleet.session('scheduler-1', { extensions });
    speak(before, 0);
    await before.result(0);
    before.send({ type: 'session_close', session_id: before.sessionId });
    await before.log.first('session_close_ack', ({ type }) => type === 'session_close_ack');
    const anew = await fleet.session('scheduler-2', { extensions, resume_token: before.token, last_seq: 1 });
    assert.notEqual(anew.sessionId, before.sessionId);
    assert.equal(anew.log.all[0]?.['resumed'], false);
    speak(anew, 0);
    await anew.result(0);
    assert.equal((await anew.accepted('r-0'))['duplicate'], false);
  });

  it('takes streamed audio', async () => {
    const node = await fleet.node('scheduler-2');
    const session = await fleet.session('scheduler-1', { extensions });
    for (const [text, is_final] of [
      ['one ', false],
      ['word', true],
    ] as const) {
      session.send({ type: 'audio_chunk', session_id: session.sessionId, is_final, payload: base64(text) });
    }
    const result = await session.result(0);
    assert.equal(result['text_translated'], translationOf(base64('one word')));
    assert.equal(node.jobs().length, 1);
  });
});
