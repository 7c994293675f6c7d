/** Overdue jobs of sessions that nobody owns, on a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { AppError } from '../../common/errors.ts';
import { FakeClock, FakeRandom } from '../../test/fakes/clock.ts';
import { fakeLog } from '../../test/fakes/log.ts';
import { createMetrics } from '../metrics.ts';
import type { JobStore } from '../store/store.ts';
import { openMemoryStore } from '../store/memory/open.ts';
import type { Post } from '../fleet/post.ts';
import type { Placer } from './placer.ts';
import { sweepOverdue } from './sweeper.ts';

const nowhere: Placer = {
  place: () => undefined,
  placeWaiting: () => undefined,
  took: () => undefined,
  moved: () => undefined,
  ended: () => undefined,
  abandoned: () => undefined,
  isThere: () => false,
  isPossible: () => false,
  fullInstances: () => new Set(),
};
const post: Post = {
  send: () => Promise.resolve('sent'),
  sendPatiently: () => Promise.resolve('sent'),
  told: () => undefined,
};
const limits = {
  pendingMs: 1000,
  jobTimeoutMs: 1000,
  failoverMaxAttempts: 0,
  keepMs: 60_000,
  inlineBytes: 1000,
  sendCancel: true,
  sweepIntervalMs: 100,
};

/** Two overdue jobs of an owner that is gone, the record of the first unreadable, and what sweeps them. */
async function overdue(changes: Partial<JobStore> = {}) {
  const clock = new FakeClock();
  const { sessions, jobs } = openMemoryStore({ clock });
  const session = { sessionId: 's-1', owner: 'gone', attributes: '{}', resumeToken: 't', ttlMs: 60_000 };
  const { epoch: sessionEpoch } = await sessions.open(session);
  const job = { sessionId: 's-1', sessionEpoch, audio: '', deadlineMs: 10, keepMs: 60_000 };
  await jobs.accept({ ...job, jobId: 'job-1', utteranceIndex: 0, assign: 'not JSON' });
  await jobs.accept({ ...job, jobId: 'job-2', utteranceIndex: 1, assign: '{"trace_id":"t-2"}' });
  const { log, lines } = fakeLog();
  const stop = new AbortController();
  const sweeping = sweepOverdue(
    {
      ...{ instanceId: 'a', placer: nowhere, post, clock, random: new FakeRandom(), log, limits },
      jobs: { ...jobs, ...changes },
      core: { asr_service_id: 'asr', nmt_service_id: 'nmt', tts_service_id: 'tts' },
      lookup: { askLater: () => undefined },
      owns: () => false,
      metrics: createMetrics(new Registry()),
    },
    stop.signal,
  );
  await clock.advance(5000);
  stop.abort();
  await clock.advance(1000);
  await sweeping;
  const answered = (await sessions.readOutbox('s-1', 0, 10)).map(({ jobId }) => jobId);
  return { answered, lines };
}

describe('the sweep of overdue jobs', () => {
  it('ends those after one whose record nobody can read', async () => {
    const { answered, lines } = await overdue();
    assert.deepEqual(answered, ['job-2']);
    assert.ok(
      lines.some(({ msg, jobId }) => msg === 'an overdue job could not be swept' && jobId === 'job-1'),
    );
  });

  it('asks for no other job, and says so once in each round, while the store is away', async () => {
    let asked = 0;
    const { lines } = await overdue({
      get: () => {
        asked += 1;
        return Promise.reject(new AppError('unavailable', 'Redis is away'));
      },
    });
    const told = lines.filter(({ msg }) => msg === 'overdue jobs could not be swept');
    assert.ok(asked > 1);
    assert.equal(told.length, asked);
    assert.ok(!lines.some(({ msg }) => msg === 'an overdue job could not be swept'));
  });
});
