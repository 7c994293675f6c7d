/** The contract of taking a session over: by its token only, with everything that is still owed to its client. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { OpenJobRecord } from '../../scheduler/store/store.ts';
import { failure, jobOf, openSession, takeOver, type WithStore } from './harness.ts';

const onNode1 = { nodeId: 'node-1', instanceId: 'sched-b' };

export function resumeContract(withStore: WithStore) {
  it('gives a session only to who has its token, and leaves it as it was otherwise', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const thief = { sessionId: 's-1', owner: 'sched-b', ttlMs: 60_000 };
      for (const resumeToken of ['', 'token-2', 'token-', 'TOKEN-1', 'token-1 ']) {
        const answer = await store.sessions.takeOver({ ...thief, resumeToken });
        assert.deepEqual(answer, { kind: 'denied' }, `token '${resumeToken}'`);
      }
      const session = await store.sessions.get('s-1');
      assert.deepEqual([session?.owner, session?.epoch], ['sched-a', 1]);
      assert.equal(await store.sessions.ownerOf('s-1'), 'sched-a');
      assert.equal((await takeOver(store, 's-1', 'sched-b')).kind, 'taken');
      assert.equal((await takeOver(store, 's-1', 'sched-c')).kind, 'taken', 'the token is for life');
    }));

  it('names the open jobs to the new owner, without their audio, and no others', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await openSession(store, 's-10');
      const audio = 'x'.repeat(10_000);
      await store.jobs.accept(jobOf('s-1', { jobId: 'waits', requestId: 'r-1', audio }));
      await store.jobs.accept(jobOf('s-1', { jobId: 'runs', utteranceIndex: 1, deadlineMs: 5000 }), onNode1);
      await store.jobs.accept(jobOf('s-1', { jobId: 'ended' }));
      await store.jobs.accept(jobOf('s-10', { jobId: 'of-another' }));
      const over = { sessionId: 's-1', jobId: 'ended', attempt: 0, keepMs: 1000 };
      await store.jobs.finish({ ...over, answer: failure('X') });
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.ok(taken.kind === 'taken');
      const open = Object.fromEntries(taken.open.map((job) => [job.jobId, withoutDeadline(job)]));
      const shared = { sessionId: 's-1', failovers: 0, assign: '{"text":"你好"}' };
      assert.deepEqual(open, {
        waits: {
          ...{ ...shared, jobId: 'waits', state: 'pending', attempt: 0 },
          ...{ utteranceIndex: 0, requestId: 'r-1', target: undefined },
        },
        runs: {
          ...{ ...shared, jobId: 'runs', state: 'dispatched', attempt: 1 },
          ...{ utteranceIndex: 1, requestId: undefined, target: onNode1 },
        },
      });
      const deadline = taken.open.find(({ jobId }) => jobId === 'runs')?.deadlineInMs ?? 0;
      assert.ok(deadline > 0 && deadline <= 5000, String(deadline));
    }));

  it('says how long ago the deadline of an open job passed', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { deadlineMs: -3000 }));
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.ok(taken.kind === 'taken');
      assert.ok((taken.open[0]?.deadlineInMs ?? 0) <= -3000);
    }));

  it('finds all of two thousand open jobs of a session', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const ids = Array.from({ length: 2000 }, (_, i) => `job-${String(i)}`);
      await Promise.all(ids.map((jobId) => store.jobs.accept(jobOf('s-1', { jobId }))));
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.ok(taken.kind === 'taken');
      assert.deepEqual(new Set(taken.open.map(({ jobId }) => jobId)), new Set(ids));
      assert.equal(taken.open.length, 2000);
    }));

  it('remembers up to where answers were acknowledged, never beyond the newest and never less', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const acknowledged = async () => (await store.sessions.get('s-1'))?.acknowledged;
      for (const jobId of ['job-1', 'job-2', 'job-3']) {
        await store.jobs.accept(jobOf('s-1', { jobId }));
        await store.jobs.finish({ sessionId: 's-1', jobId, attempt: 0, answer: failure('X'), keepMs: 1000 });
      }
      await store.sessions.trimOutbox('s-1', 2);
      assert.equal(await acknowledged(), 2);
      await store.sessions.trimOutbox('s-1', 1);
      assert.equal(await acknowledged(), 2);
      await Promise.all([9, 3, 1].map((seq) => store.sessions.trimOutbox('s-1', seq)));
      assert.equal(await acknowledged(), 3);
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.equal(taken.kind === 'taken' && taken.session.acknowledged, 3);
    }));

  it('does not bring a session to life by an acknowledgement', () =>
    withStore(async ({ store }) => {
      await store.sessions.trimOutbox('s-1', 4);
      assert.equal(await store.sessions.get('s-1'), undefined);
    }));
}

function withoutDeadline(job: OpenJobRecord): Partial<OpenJobRecord> {
  const rest: Partial<OpenJobRecord> & { deadlineInMs?: number } = { ...job };
  delete rest.deadlineInMs;
  return rest;
}
