import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shownDeadLetter, summaryOf } from './dead-letter-text.ts';
import { printable } from '../../common/table.ts';

const letter = (payload: string) => ({
  id: '1-0',
  payload,
  sourceStream: 's',
  sourceId: '1-0',
  deliveries: 10,
  movedAtMs: 0,
  reason: 'max_deliveries',
});
const secret = 'c2VjcmV0IHNwZWVjaA==';

describe('a dead letter for the eyes', () => {
  it('opens what is JSON inside text, and shows no speech at any depth', () => {
    const hints = [
      {
        type: 'assign',
        job_id: 'j',
        session_id: 's',
        attempt: 1,
        node_id: 'n',
        from: 'a',
        audio: secret,
        assign: '{"src_lang":"zh"}',
      },
      {
        type: 'results',
        session_id: 's',
        seq: 1,
        entries: [
          {
            seq: 1,
            job_id: 'j',
            utterance_index: 0,
            answer: JSON.stringify({ kind: 'result', ttsAudio: secret, textAsr: 'hi' }),
          },
        ],
      },
      { type: 'progress', session_id: 's', message: JSON.stringify({ type: 'x', tts_audio: secret }) },
    ];
    const shown = JSON.stringify(shownDeadLetter(letter(JSON.stringify(hints))));
    assert.ok(!shown.includes(secret));
    assert.ok(shown.includes('"assign":{"src_lang":"zh"}'));
    assert.ok(shown.includes('"textAsr":"hi"'));
    assert.equal(summaryOf(letter(JSON.stringify(hints))), 'assign s/j, results s, progress s');
  });

  it('shows the beginning of what cannot be read, and why', () => {
    const { hints, unreadable } = shownDeadLetter(letter(`not JSON ${'x'.repeat(10_000)}`));
    assert.equal(hints, undefined);
    assert.ok(unreadable?.startsWith('not JSON') && unreadable.length < 500);
    assert.match(summaryOf(letter('not JSON')), /cannot be read: payload is not a JSON array/);
  });

  it('moves no cursor', () => {
    assert.equal(printable('a\u001b[2Jb\r\n\u202ec'), 'a?[2Jb???c');
  });
});
