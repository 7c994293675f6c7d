/** The contract of jobs: compare-and-set on the attempt, one terminal answer. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { failure, jobOf, openSession, result, until, type WithStore } from './harness.ts';

const onNode1 = { nodeId: 'node-1', instanceId: 'sched-b' };
const onNode2 = { nodeId: 'node-2', instanceId: 'sched-c' };
const job = { sessionId: 's-1', jobId: 'job-1' };

export function jobContract(withStore: WithStore) {
  acceptContract(withStore);
  moveContract(withStore);
  finishContract(withStore);
  deadlineContract(withStore);
}

function acceptContract(withStore: WithStore) {
  it('records an accepted job as pending, or as attempt 1 on its target', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      assert.deepEqual(await store.jobs.accept(jobOf('s-1')), { kind: 'accepted' });
      const second = jobOf('s-1', { jobId: 'job-2', utteranceIndex: 7 });
      assert.deepEqual(await store.jobs.accept(second, onNode1), { kind: 'accepted' });
      const shared = { sessionId: 's-1', failovers: 0, assign: '{"text":"你好"}', audio: 'UklGRg==' };
      assert.deepEqual(await store.jobs.get(job), {
        ...shared,
        jobId: 'job-1',
        state: 'pending',
        attempt: 0,
        utteranceIndex: 0,
        target: undefined,
      });
      assert.deepEqual(await store.jobs.get({ sessionId: 's-1', jobId: 'job-2' }), {
        ...shared,
        jobId: 'job-2',
        state: 'dispatched',
        attempt: 1,
        utteranceIndex: 7,
        target: onNode1,
      });
    }));

  it('accepts the same job twice without changing it', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const request = jobOf('s-1', { requestId: 'r-1' });
      await store.jobs.accept(request);
      await store.jobs.dispatch({
        ...job,
        attempt: 0,
        target: onNode1,
        deadlineMs: 1000,
        countsAsFailover: false,
      });
      assert.deepEqual(await store.jobs.accept(request), { kind: 'accepted' });
      assert.equal((await store.jobs.get(job))?.attempt, 1);
    }));

  it('knows a request again under another job id, and says in which state it is', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { requestId: 'r-1' }));
      const again = jobOf('s-1', { jobId: 'job-2', requestId: 'r-1' });
      assert.deepEqual(await store.jobs.accept(again), {
        kind: 'duplicate',
        jobId: 'job-1',
        state: 'pending',
      });
      await store.jobs.finish({ ...job, attempt: 0, answer: failure('X'), keepMs: 60_000 });
      assert.deepEqual(await store.jobs.accept(again), {
        kind: 'duplicate',
        jobId: 'job-1',
        state: 'finished',
      });
      assert.equal(await store.jobs.get({ sessionId: 's-1', jobId: 'job-2' }), undefined);
    }));

  it('still calls a request a duplicate when its finished record is forgotten first', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { requestId: 'r-1' }));
      await store.jobs.finish({ ...job, attempt: 0, answer: failure('X'), keepMs: 40 });
      await until(harness, 'the record to go', async () => !(await store.jobs.get(job)));
      const again = jobOf('s-1', { jobId: 'job-2', requestId: 'r-1' });
      assert.deepEqual(await store.jobs.accept(again), {
        kind: 'duplicate',
        jobId: 'job-1',
        state: 'finished',
      });
    }));

  it('makes one job of fifty parallel accepts of one request', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const attempts = Array.from({ length: 50 }, (_, i) =>
        store.jobs.accept(jobOf('s-1', { jobId: `job-${String(i)}`, requestId: 'r-1' })),
      );
      const answers = await Promise.all(attempts);
      const accepted = answers.findIndex(({ kind }) => kind === 'accepted');
      const others = answers.filter((_, i) => i !== accepted);
      const duplicate = { kind: 'duplicate', jobId: `job-${String(accepted)}`, state: 'pending' };
      assert.deepEqual(others, Array(49).fill(duplicate));
      const records = await Promise.all(
        answers.map((_, i) => store.jobs.get({ sessionId: 's-1', jobId: `job-${String(i)}` })),
      );
      assert.equal(records.filter((record) => record !== undefined).length, 1);
    }));

  it('keeps the same request of two sessions apart', () =>
    withStore(async ({ store }) => {
      // With a plain colon between session and request these two would be one key.
      for (const sessionId of ['a', 'a:b']) await openSession(store, sessionId);
      const one = jobOf('a', { requestId: 'b:c' });
      const other = jobOf('a:b', { requestId: 'c' });
      assert.deepEqual(await store.jobs.accept(one), { kind: 'accepted' });
      assert.deepEqual(await store.jobs.accept(other), { kind: 'accepted' });
    }));

  it('is fenced without a session, and with an epoch that is not the current one', () =>
    withStore(async ({ store }) => {
      assert.deepEqual(await store.jobs.accept(jobOf('s-1')), { kind: 'fenced' });
      await openSession(store, 's-1');
      assert.deepEqual(await store.jobs.accept(jobOf('s-1', { sessionEpoch: 2 })), { kind: 'fenced' });
      assert.equal(await store.jobs.get(job), undefined);
    }));
}

function moveContract(withStore: WithStore) {
  it('dispatches from the attempt the caller believes in, and only from that', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'));
      const toNode1 = { ...job, attempt: 0, target: onNode1, deadlineMs: 1000, countsAsFailover: false };
      assert.deepEqual(await store.jobs.dispatch(toNode1), { kind: 'dispatched', attempt: 1 });
      const elsewhere = { ...toNode1, target: onNode2 };
      assert.deepEqual(await store.jobs.dispatch(elsewhere), { kind: 'stale', attempt: 1 });
      const failover = { ...elsewhere, attempt: 1, countsAsFailover: true };
      assert.deepEqual(await store.jobs.dispatch(failover), { kind: 'dispatched', attempt: 2 });
      const record = await store.jobs.get(job);
      assert.deepEqual([record?.attempt, record?.failovers, record?.target], [2, 1, onNode2]);
    }));

  it('answers a repeated dispatch like the first, without a further attempt or failover', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), onNode1);
      const move = { ...job, attempt: 1, target: onNode2, deadlineMs: 1000, countsAsFailover: true };
      assert.deepEqual(await store.jobs.dispatch(move), { kind: 'dispatched', attempt: 2 });
      assert.deepEqual(await store.jobs.dispatch(move), { kind: 'dispatched', attempt: 2 });
      assert.equal((await store.jobs.get(job))?.failovers, 1);
    }));

  it('lets one of many concurrent dispatches win', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const target = { nodeId: `node-${String(i)}`, instanceId: 'sched-b' };
          return store.jobs.dispatch({
            ...job,
            attempt: 0,
            target,
            deadlineMs: 1000,
            countsAsFailover: false,
          });
        }),
      );
      assert.equal(answers.filter(({ kind }) => kind === 'dispatched').length, 1);
      assert.equal(answers.filter(({ kind }) => kind === 'stale').length, 19);
      assert.equal((await store.jobs.get(job))?.attempt, 1);
    }));

  it('requeues at the same attempt, repeatedly, and not for an old attempt', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), onNode1);
      assert.deepEqual(await store.jobs.requeue({ ...job, attempt: 0, deadlineMs: 1000 }), {
        kind: 'stale',
        attempt: 1,
      });
      const move = { ...job, attempt: 1, deadlineMs: 1000 };
      assert.deepEqual(await store.jobs.requeue(move), { kind: 'requeued' });
      assert.deepEqual(await store.jobs.requeue(move), { kind: 'requeued' });
      const record = await store.jobs.get(job);
      assert.deepEqual([record?.state, record?.attempt, record?.target], ['pending', 1, undefined]);
      const again = { ...job, attempt: 1, target: onNode1, deadlineMs: 1000, countsAsFailover: false };
      assert.deepEqual(await store.jobs.dispatch(again), { kind: 'dispatched', attempt: 2 });
    }));

  it('answers unknown for a job that was never accepted, and finished for one that is over', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const dispatch = { ...job, attempt: 0, target: onNode1, deadlineMs: 1000, countsAsFailover: false };
      const requeue = { ...job, attempt: 0, deadlineMs: 1000 };
      const finish = { ...job, attempt: 0, answer: failure('LATE'), keepMs: 1000 };
      assert.deepEqual(await store.jobs.dispatch(dispatch), { kind: 'unknown' });
      assert.deepEqual(await store.jobs.requeue(requeue), { kind: 'unknown' });
      assert.deepEqual(await store.jobs.finish(finish), { kind: 'unknown' });
      await store.jobs.accept(jobOf('s-1'));
      await store.jobs.finish({ ...finish, answer: failure('FIRST') });
      assert.deepEqual(await store.jobs.dispatch(dispatch), { kind: 'finished' });
      assert.deepEqual(await store.jobs.requeue(requeue), { kind: 'finished' });
      assert.deepEqual(await store.jobs.finish(finish), { kind: 'finished' });
    }));
}

function finishContract(withStore: WithStore) {
  it('puts the answer in the outbox, names the owner, and drops the audio', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { utteranceIndex: 3 }), onNode1);
      const move = { ...job, attempt: 1, answer: result('hello'), keepMs: 60_000 };
      assert.deepEqual(await store.jobs.finish(move), { kind: 'done', seq: 1, owner: 'sched-a' });
      assert.deepEqual(await store.sessions.readOutbox('s-1', 0, 10), [
        { seq: 1, jobId: 'job-1', utteranceIndex: 3, answer: result('hello') },
      ]);
      const record = await store.jobs.get(job);
      assert.deepEqual([record?.state, record?.audio], ['finished', '']);
    }));

  it('answers the same caller, asking again, like the first time', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), onNode1);
      const move = { ...job, attempt: 1, answer: result('hello'), keepMs: 60_000 };
      await store.jobs.finish(move);
      assert.deepEqual(await store.jobs.finish(move), { kind: 'done', seq: 1, owner: 'sched-a' });
      assert.equal((await store.sessions.readOutbox('s-1', 0, 10)).length, 1);
      await store.sessions.trimOutbox('s-1', 1);
      assert.deepEqual(await store.jobs.finish(move), { kind: 'finished' });
    }));

  it('refuses an answer of an old attempt, and takes one of the current attempt even while pending', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), onNode1);
      await store.jobs.dispatch({
        ...job,
        attempt: 1,
        target: onNode2,
        deadlineMs: 1000,
        countsAsFailover: true,
      });
      const late = { ...job, attempt: 1, answer: result('late'), keepMs: 1000 };
      assert.deepEqual(await store.jobs.finish(late), { kind: 'stale', attempt: 2 });
      await store.jobs.requeue({ ...job, attempt: 2, deadlineMs: 1000 });
      const done = await store.jobs.finish({ ...late, attempt: 2, answer: result('good') });
      assert.equal(done.kind, 'done');
    }));

  it('lets the first of many terminal answers win', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), onNode1);
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          store.jobs.finish({ ...job, attempt: 1, answer: result(`answer ${String(i)}`), keepMs: 1000 }),
        ),
      );
      const winner = answers.findIndex(({ kind }) => kind === 'done');
      assert.equal(answers.filter(({ kind }) => kind === 'done').length, 1);
      assert.equal(answers.filter(({ kind }) => kind === 'finished').length, 29);
      const outbox = await store.sessions.readOutbox('s-1', 0, 10);
      assert.deepEqual(
        outbox.map(({ answer }) => answer),
        [result(`answer ${String(winner)}`)],
      );
    }));

  it('numbers the answers of a session without gaps, whoever finishes', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const ids = Array.from({ length: 30 }, (_, i) => `job-${String(i)}`);
      await Promise.all(ids.map((jobId) => store.jobs.accept(jobOf('s-1', { jobId }))));
      const done = await Promise.all(
        ids.map((jobId) =>
          store.jobs.finish({ sessionId: 's-1', jobId, attempt: 0, answer: failure('X'), keepMs: 1000 }),
        ),
      );
      const seqs = done.map((answer) => (answer.kind === 'done' ? answer.seq : 0)).sort((a, b) => a - b);
      assert.deepEqual(
        seqs,
        ids.map((_, i) => i + 1),
      );
    }));

  it('ends a job whose session is forgotten, with nobody to tell', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const short = { owner: 'sched-a', attributes: '{}', resumeToken: 'token-1', ttlMs: 1000 };
      await store.sessions.open({ sessionId: 's-1', ...short });
      await store.jobs.accept(jobOf('s-1'));
      await until(harness, 'the session to go', async () => !(await store.sessions.get('s-1')));
      const move = { ...job, attempt: 0, answer: failure('JOB_TIMEOUT'), keepMs: 60_000 };
      assert.deepEqual(await store.jobs.finish(move), { kind: 'done', seq: 0, owner: undefined });
      assert.equal((await store.jobs.get(job))?.state, 'finished');
      assert.equal(await store.sessions.get('s-1'), undefined);
    }));

  it('forgets a finished job after the time asked for', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'));
      await store.jobs.finish({ ...job, attempt: 0, answer: failure('X'), keepMs: 40 });
      await until(harness, 'the record to go', async () => !(await store.jobs.get(job)));
    }));
}

function deadlineContract(withStore: WithStore) {
  it('finds overdue jobs after the grace, in every state but finished', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { jobId: 'waits', deadlineMs: 10 }));
      await store.jobs.accept(jobOf('s-1', { jobId: 'runs', deadlineMs: 10 }), onNode1);
      await store.jobs.accept(jobOf('s-1', { jobId: 'ended', deadlineMs: 10 }));
      await store.jobs.accept(jobOf('s-1', { jobId: 'later', deadlineMs: 60_000 }));
      await store.jobs.finish({
        sessionId: 's-1',
        jobId: 'ended',
        attempt: 0,
        answer: failure('X'),
        keepMs: 1000,
      });
      await until(harness, 'overdue jobs', async () => (await store.jobs.overdue(20, 10)).length > 1);
      const ids = (await store.jobs.overdue(20, 10)).map(({ jobId }) => jobId).sort();
      assert.deepEqual(ids, ['runs', 'waits']);
      assert.deepEqual(await store.jobs.overdue(60_000, 10), []);
    }));

  it('moves the deadline with each dispatch and requeue', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1', { deadlineMs: 1 }));
      await until(harness, 'the first deadline', async () => (await store.jobs.overdue(0, 10)).length === 1);
      await store.jobs.dispatch({
        ...job,
        attempt: 0,
        target: onNode1,
        deadlineMs: 60_000,
        countsAsFailover: false,
      });
      assert.deepEqual(await store.jobs.overdue(0, 10), []);
      await store.jobs.requeue({ ...job, attempt: 1, deadlineMs: 1 });
      await until(harness, 'the last deadline', async () => (await store.jobs.overdue(0, 10)).length === 1);
    }));

  it('takes overdue jobs of all partitions, no more than the limit, and oldest first in each', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const sessions = Array.from({ length: 40 }, (_, i) => `s-${String(i)}`);
      for (const sessionId of sessions) {
        await openSession(store, sessionId);
        await store.jobs.accept(jobOf(sessionId, { jobId: 'second', deadlineMs: 5 }));
        await store.jobs.accept(jobOf(sessionId, { jobId: 'first', deadlineMs: -5000 }));
      }
      await until(harness, 'all of them', async () => (await store.jobs.overdue(0, 1000)).length === 80);
      assert.equal((await store.jobs.overdue(0, 7)).length, 7);
      const ofOne = (await store.jobs.overdue(0, 1000)).filter(({ sessionId }) => sessionId === 's-3');
      assert.deepEqual(
        ofOne.map(({ jobId }) => jobId),
        ['first', 'second'],
      );
    }));
}
