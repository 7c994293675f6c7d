/** What a caller hears when Redis answers a move of a job with what no script of ours says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeRandom } from '../../../test/fakes/clock.ts';
import { fakeLog } from '../../../test/fakes/log.ts';
import { createRedisJobs } from './jobs.ts';
import { createKeys } from './keys.ts';

const job = {
  sessionId: 's',
  jobId: 'j',
  sessionEpoch: 1,
  utteranceIndex: 0,
  assign: '{}',
  audio: '',
  deadlineMs: 1000,
  keepMs: 1000,
};
const end = {
  sessionId: 's',
  jobId: 'j',
  attempt: 1,
  keepMs: 1000,
  answer: { kind: 'failure', code: 'X', message: 'x', traceId: 't' },
} as const;

const notAsked = () => Promise.reject(new Error('no further command'));

const jobsAnswered = (reply: string) =>
  createRedisJobs({
    keys: createKeys('test'),
    commands: { command: notAsked, run: notAsked },
    commits: { accept: () => Promise.resolve(reply), finish: () => Promise.resolve(reply) },
    grouped: true,
    random: new FakeRandom(),
    log: fakeLog().log,
  });

describe('an answer of Redis that nobody expects', () => {
  // A line that is missing from the reply of a group arrives as an empty text.
  for (const reply of ['', 'duplicate', 'OK', 'queued 1']) {
    it(`is an error, and never a job that is safe: '${reply}'`, async () => {
      const jobs = jobsAnswered(reply);
      const expected = { code: 'internal', message: /^unexpected answer '\w*' to / };
      await assert.rejects(jobs.accept(job, undefined, undefined), expected);
      await assert.rejects(jobs.finish(end, undefined), expected);
    });
  }
});
