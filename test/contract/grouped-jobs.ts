/** The contract of what is asked for in one turn of the event loop: each is answered on its own, in its order. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AppError } from '../../common/errors.ts';
import { failure, jobOf, openSession, result, takeOver, type WithStore } from './harness.ts';

const onNode1 = { nodeId: 'node-1', instanceId: 'sched-b' };
const onNode2 = { nodeId: 'node-2', instanceId: 'sched-c' };

export function groupedJobContract(withStore: WithStore) {
  it('accepts jobs of many sessions at once, but for the fenced and the known', () =>
    withStore(async ({ store }) => {
      const sessions = Array.from({ length: 100 }, (_, i) => `s-${String(i)}`);
      await Promise.all(sessions.map((sessionId) => openSession(store, sessionId)));
      await takeOver(store, 's-7', 'sched-b');
      await store.jobs.accept(jobOf('s-8', { jobId: 'first', requestId: 'r-1' }));
      const answers = await Promise.all(
        sessions.map((sessionId) => store.jobs.accept(jobOf(sessionId, { requestId: 'r-1' }), onNode1)),
      );
      const kinds = new Map(sessions.map((sessionId, i) => [sessionId, answers[i]]));
      assert.deepEqual(kinds.get('s-7'), { kind: 'fenced' });
      assert.deepEqual(kinds.get('s-8'), { kind: 'duplicate', jobId: 'first', state: 'pending' });
      assert.equal(answers.filter(({ kind }) => kind === 'accepted').length, 98);
      assert.equal(await store.jobs.get({ sessionId: 's-7', jobId: 'job-1' }), undefined);
      assert.deepEqual((await store.jobs.get({ sessionId: 's-99', jobId: 'job-1' }))?.target, onNode1);
    }));

  it('takes the first of two accepts of one job that come together', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const answers = await Promise.all([
        store.jobs.accept(jobOf('s-1', { requestId: 'r-1' }), onNode1),
        store.jobs.accept(jobOf('s-1', { requestId: 'r-1' }), onNode2),
        store.jobs.accept(jobOf('s-1', { audio: 'x'.repeat(20_000) })),
      ]);
      assert.deepEqual(answers, Array(3).fill({ kind: 'accepted' }));
      const record = await store.jobs.get({ sessionId: 's-1', jobId: 'job-1' });
      assert.deepEqual([record?.target, record?.audio], [onNode1, 'UklGRg==']);
    }));

  it('ends jobs of many sessions at once, but for those that are stale, over or unknown', () =>
    withStore(async ({ store }) => {
      const sessions = Array.from({ length: 100 }, (_, i) => `s-${String(i)}`);
      for (const sessionId of sessions) await openSession(store, sessionId);
      await Promise.all(sessions.map((sessionId) => store.jobs.accept(jobOf(sessionId), onNode1)));
      const end = (sessionId: string, attempt = 1, jobId = 'job-1') =>
        store.jobs.finish({ sessionId, jobId, attempt, answer: result(sessionId), keepMs: 60_000 });
      await end('s-1');
      const answers = await Promise.all([
        ...sessions.slice(3).map((sessionId) => end(sessionId)),
        end('s-1'),
        end('s-2', 4),
        end('s-3', 1, 'never'),
      ]);
      const one = { kind: 'done', seq: 1, owner: 'sched-a' };
      assert.deepEqual(answers.slice(0, 98), Array(98).fill(one));
      assert.deepEqual(answers.slice(98), [{ kind: 'stale', attempt: 1 }, { kind: 'unknown' }]);
      const outbox = await store.sessions.readOutbox('s-42', 0, 10);
      assert.deepEqual(
        outbox.map(({ answer }) => answer),
        [result('s-42')],
      );
    }));

  it('gives back texts as they came, whatever stands in them', () =>
    withStore(async ({ store }) => {
      const strange = 'a|b\nc\u0000d"e\\f 你好 👋🏽 \u2028 |12|';
      const attributes = JSON.stringify({ strange });
      const resumeToken = `t|${strange.slice(0, 3)}%`;
      await store.sessions.open({
        sessionId: 's-1',
        owner: 'sched-a',
        attributes,
        resumeToken,
        ttlMs: 60_000,
      });
      const job = jobOf('s-1', { assign: JSON.stringify({ strange }), audio: strange });
      await store.jobs.accept(job);
      const record = await store.jobs.get({ sessionId: 's-1', jobId: 'job-1' });
      assert.deepEqual([record?.assign, record?.audio], [job.assign, job.audio]);
      await store.jobs.finish({ ...ref, attempt: 0, answer: result(strange), keepMs: 60_000 });
      assert.deepEqual((await store.sessions.readOutbox('s-1', 0, 1))[0]?.answer, result(strange));
      const taken = await store.sessions.takeOver({
        ...{ sessionId: 's-1', owner: 'sched-b', ttlMs: 60_000 },
        resumeToken,
      });
      assert.equal(taken.kind === 'taken' && taken.session.attributes, attributes);
    }));

  it('keeps large audio through every move, and drops it at the end', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const audio = 'x'.repeat(100_000);
      await store.jobs.accept(jobOf('s-1', { audio }));
      await store.jobs.dispatch({
        ...{ ...ref, attempt: 0, target: onNode1 },
        ...{ deadlineMs: 1000, countsAsFailover: true },
      });
      await store.jobs.requeue({ ...ref, attempt: 1, deadlineMs: 1000 });
      const record = await store.jobs.get(ref);
      assert.deepEqual([record?.audio, record?.state, record?.failovers], [audio, 'pending', 1]);
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.equal(taken.kind === 'taken' && taken.open.length, 1);
      await store.jobs.finish({ ...ref, attempt: 1, answer: failure('X'), keepMs: 60_000 });
      const over = await store.jobs.get(ref);
      assert.deepEqual([over?.state, over?.assign, over?.audio, over?.failovers], ['finished', '', '', 1]);
    }));

  it('refuses a bad id to its own caller only', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const good = store.jobs.accept(jobOf('s-1'));
      const bad = await Promise.allSettled([
        store.jobs.accept(jobOf('s-1', { jobId: 'a/b' })),
        store.jobs.accept(jobOf('s}1')),
        store.jobs.accept(jobOf('s-1', { jobId: 'job-2', requestId: 'r 1' })),
        store.jobs.accept(jobOf('s-1', { jobId: 'job-2' }), { nodeId: 'a|b', instanceId: 'sched-b' }),
        store.jobs.finish({ ...ref, jobId: '', attempt: 0, answer: failure('X'), keepMs: 1 }),
      ]);
      const codes = bad.map((verb) => verb.status === 'rejected' && (verb.reason as AppError).code);
      assert.deepEqual(codes, Array(5).fill('invalid'));
      assert.deepEqual(await good, { kind: 'accepted' });
    }));
}

const ref = { sessionId: 's-1', jobId: 'job-1' };
