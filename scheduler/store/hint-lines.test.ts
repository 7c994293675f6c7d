import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeHints } from './decode-hints.ts';
import { formatNewJob } from './job-record.ts';

const target = { nodeId: 'node-1', instanceId: 'sched-b' };
const record = (assign: string, audio: string) =>
  formatNewJob(
    {
      ...{ sessionId: 's-1', jobId: 'j-1', sessionEpoch: 1, utteranceIndex: 4, requestId: 'r-1' },
      ...{ assign, audio, deadlineMs: 1, keepMs: 1 },
    },
    target,
  );
const about = { type: 'assign', job_id: 'j-1', session_id: 's-1', attempt: 1, node_id: 'node-1', from: 'a' };
const payload = (head: unknown[], ...lines: string[]) => [JSON.stringify(head), ...lines].join('\n');

describe('hints in lines', () => {
  it('are one for each job, whatever its texts hold but a line feed', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((one) => !one.includes('\n'));
    fc.assert(
      fc.property(text, text, (assign, audio) => {
        const head = [{ type: 'assign', from: 'a', jobs: ['s-1/j-1', 's-1/j-1'] }];
        const line = record(assign, audio);
        const short = line.split('|').slice(0, 8).join('|') + '|';
        const decoded = decodeHints(payload(head, line, short));
        assert.deepEqual(decoded, { ok: true, dropped: 0, hints: [{ ...about, assign, audio }, about] });
      }),
    );
  });

  it('are answers with their numbers, and without a text when they are large', () => {
    const head = [{ type: 'results', seqs: [7, 8], indexes: [0, 1], jobs: ['s-1/j-1', 's-2/j-2'] }];
    const entries = [{ seq: 7, job_id: 'j-1', utterance_index: 0, answer: '{}' }];
    assert.deepEqual(decodeHints(payload(head, '{}', '')), {
      ...{ ok: true, dropped: 0 },
      hints: [
        { type: 'results', session_id: 's-1', seq: 7, entries },
        { type: 'results', session_id: 's-2', seq: 8 },
      ],
    });
  });

  it('of a newer version take their lines with them', () => {
    const head = [
      { type: 'of_tomorrow', jobs: [1, 2] },
      { type: 'assign', from: 'a', jobs: ['s-1/j-1'] },
    ];
    const decoded = decodeHints(payload(head, 'x', 'y', record('{}', '')));
    assert.deepEqual(decoded.ok && decoded.hints, [{ ...about, assign: '{}', audio: '' }]);
  });

  it('are unreadable when there is not one line for each job', () => {
    const head = [{ type: 'results', seqs: [7], indexes: [0], jobs: ['s-1/j-1'] }];
    for (const lines of [
      ['{}', 'more'],
      ['{}', ''],
    ]) {
      assert.equal(decodeHints(payload(head, ...lines)).ok, false);
    }
    const two = [{ ...head[0], jobs: ['s-1/j-1', 's-1/j-2'] }];
    assert.equal(decodeHints(payload(two, '{}')).ok, false);
  });

  it('are never a reason to throw', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.string(), (jobs, line) => {
        for (const type of ['assign', 'results', 'x'])
          decodeHints(payload([{ type, jobs, seqs: jobs, indexes: 1 }], line));
      }),
    );
  });
});
