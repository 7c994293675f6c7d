import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/fakes/clock.ts';
import type { JobRecord } from '../store.ts';
import { JobTable, type MemoryJob } from './job-table.ts';

const ref = { sessionId: 's-1', jobId: 'job-1' };
const job = (state: JobRecord['state']): MemoryJob => ({
  record: {
    ...ref,
    state,
    attempt: 1,
    failovers: 0,
    utteranceIndex: 0,
    target: undefined,
    assign: '',
    audio: '',
  },
  requestId: undefined,
  dueAt: 0,
  seq: 0,
});

describe('the jobs in memory', () => {
  it('stay for ever while they are open, and are all that is looked through', async () => {
    const clock = new FakeClock();
    const jobs = new JobTable(clock);
    jobs.set(ref, job('dispatched'));
    await clock.advance(1e9);
    assert.deepEqual(jobs.open(), [job('dispatched')]);
    jobs.end(ref, job('finished'), 100);
    assert.deepEqual(jobs.open(), []);
  });

  it('are known for a while when they have ended, and then forgotten', async () => {
    const clock = new FakeClock();
    const jobs = new JobTable(clock);
    jobs.set(ref, job('dispatched'));
    jobs.end(ref, job('finished'), 100);
    await clock.advance(99);
    assert.equal(jobs.get(ref)?.record.state, 'finished');
    await clock.advance(1);
    assert.equal(jobs.get(ref), undefined);
  });

  it('have ids that can be written', () => {
    const jobs = new JobTable(new FakeClock());
    assert.throws(() => jobs.get({ sessionId: 's/1', jobId: 'job-1' }), { code: 'invalid' });
  });
});
