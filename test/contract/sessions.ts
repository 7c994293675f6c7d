/** The contract of sessions: one owner at a time, fenced by epoch. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { failure, jobOf, openSession, takeOver, until, type WithStore } from './harness.ts';

export function sessionContract(withStore: WithStore) {
  it('opens with epoch 1, and again the same for the same owner', () =>
    withStore(async ({ store }) => {
      assert.equal(await openSession(store, 's-1'), 1);
      assert.equal(await openSession(store, 's-1'), 1);
      assert.equal(await store.sessions.ownerOf('s-1'), 'sched-a');
      assert.deepEqual(await store.sessions.get('s-1'), {
        sessionId: 's-1',
        owner: 'sched-a',
        epoch: 1,
        seq: 0,
        attributes: '{}',
        acknowledged: 0,
      });
    }));

  it('refuses to open a session that another instance owns', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await assert.rejects(openSession(store, 's-1', 'sched-b'), { code: 'conflict' });
      assert.equal(await store.sessions.ownerOf('s-1'), 'sched-a');
    }));

  it('answers unknown and undefined for a session nobody opened', () =>
    withStore(async ({ store }) => {
      assert.deepEqual(await takeOver(store, 's-1', 'sched-b'), {
        kind: 'unknown',
      });
      assert.equal(await store.sessions.get('s-1'), undefined);
      assert.equal(await store.sessions.ownerOf('s-1'), undefined);
      assert.deepEqual(await store.sessions.readOutbox('s-1', 0, 10), []);
      await store.sessions.trimOutbox('s-1', 5);
    }));

  it('fences the previous owner in every verb once the session is taken over', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.equal(taken.kind, 'taken');
      assert.equal(taken.session.epoch, 2);
      assert.equal(taken.previousOwner, 'sched-a');
      assert.deepEqual(await store.jobs.accept(jobOf('s-1')), { kind: 'fenced' });
      assert.deepEqual(await store.sessions.renew([{ sessionId: 's-1', epoch: 1 }], 'sched-a', 60_000), [
        's-1',
      ]);
      await store.sessions.release({ sessionId: 's-1', epoch: 1, owner: 'sched-a', keepMs: 1 });
      assert.equal(await store.sessions.ownerOf('s-1'), 'sched-b');
      assert.equal((await store.sessions.get('s-1'))?.owner, 'sched-b');
    }));

  it('raises the epoch when an owner takes its own session over, as after a restart', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const taken = await takeOver(store, 's-1', 'sched-a');
      assert.equal(taken.kind === 'taken' && taken.session.epoch, 2);
      assert.deepEqual(await store.jobs.accept(jobOf('s-1', { sessionEpoch: 1 })), { kind: 'fenced' });
      assert.deepEqual(await store.jobs.accept(jobOf('s-1', { sessionEpoch: 2 })), { kind: 'accepted' });
      await store.sessions.release({ sessionId: 's-1', epoch: 1, owner: 'sched-a', keepMs: 1000 });
      assert.equal(await store.sessions.ownerOf('s-1'), 'sched-a');
      const move = { sessionId: 's-1', jobId: 'job-1', attempt: 0, answer: failure('X'), keepMs: 1000 };
      assert.deepEqual(await store.jobs.finish(move), { kind: 'done', seq: 1, owner: 'sched-a' });
    }));

  it('leaves one owner after many take over at once, and it is the one with the highest epoch', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      const owners = Array.from({ length: 20 }, (_, i) => `sched-${String(i)}`);
      const taken = await Promise.all(owners.map((owner) => takeOver(store, 's-1', owner)));
      const epochs = taken.map((answer) => (answer.kind === 'taken' ? answer.session.epoch : 0));
      assert.deepEqual(
        [...epochs].sort((a, b) => a - b),
        owners.map((_, i) => i + 2),
      );
      const winner = owners[epochs.indexOf(21)];
      assert.equal((await store.sessions.get('s-1'))?.owner, winner);
      assert.equal(await store.sessions.ownerOf('s-1'), winner);
    }));

  it('renews many sessions, over all partitions, and names those that are not ours', () =>
    withStore(async ({ store }) => {
      const ids = Array.from({ length: 150 }, (_, i) => `s-${String(i)}`);
      await Promise.all(ids.map((id) => openSession(store, id)));
      await takeOver(store, 's-7', 'sched-b');
      const held = [...ids, 's-never'].map((sessionId) => ({ sessionId, epoch: 1 }));
      const lost = await store.sessions.renew(held, 'sched-a', 60_000);
      assert.deepEqual(lost.sort(), ['s-7', 's-never']);
    }));

  it('forgets a session that nobody renews, and keeps one that is renewed', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const short = { owner: 'sched-a', attributes: '{}', resumeToken: 'token-1', ttlMs: 1000 };
      await store.sessions.open({ sessionId: 's-1', ...short });
      await store.sessions.open({ sessionId: 's-2', ...short });
      await store.sessions.renew([{ sessionId: 's-2', epoch: 1 }], 'sched-a', 60_000);
      await until(harness, 's-1 to be forgotten', async () => !(await store.sessions.get('s-1')));
      // The owner key is written after the record, and ends as much later.
      await until(harness, 'its owner too', async () => !(await store.sessions.ownerOf('s-1')));
      assert.equal(await store.sessions.ownerOf('s-2'), 'sched-a');
      assert.equal((await store.sessions.get('s-2'))?.epoch, 1);
    }));

  it('keeps record and outbox of a released session for the time asked for, then forgets both', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'));
      await store.sessions.release({ sessionId: 's-1', epoch: 1, owner: 'sched-a', keepMs: 500 });
      await store.sessions.release({ sessionId: 's-1', epoch: 1, owner: 'sched-a', keepMs: 500 });
      assert.equal(await store.sessions.ownerOf('s-1'), undefined);
      const move = {
        sessionId: 's-1',
        jobId: 'job-1',
        attempt: 0,
        answer: failure('JOB_TIMEOUT'),
        keepMs: 1000,
      };
      assert.deepEqual(await store.jobs.finish(move), { kind: 'done', seq: 1, owner: undefined });
      assert.equal((await store.sessions.readOutbox('s-1', 0, 10)).length, 1);
      await until(harness, 'the record to go', async () => !(await store.sessions.get('s-1')));
      await until(harness, 'the outbox to go', async () => {
        return (await store.sessions.readOutbox('s-1', 0, 10)).length === 0;
      });
    }));

  it('has forgotten a session that is kept for nobody when it says that it is released', () =>
    withStore(async ({ store }) => {
      const { sessions } = store;
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'));
      const ended = { sessionId: 's-1', jobId: 'job-1', attempt: 0, answer: failure('SESSION_CLOSED') };
      await store.jobs.finish({ ...ended, keepMs: 1000 });
      await sessions.release({ sessionId: 's-1', epoch: 1, owner: 'sched-a', keepMs: 0 });
      assert.equal(await sessions.get('s-1'), undefined);
      assert.deepEqual(await sessions.readOutbox('s-1', 0, 10), []);
    }));

  it('gives a released session to whoever takes it over, with its answers', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'));
      await store.sessions.release({ sessionId: 's-1', epoch: 1, owner: 'sched-a', keepMs: 60_000 });
      const taken = await takeOver(store, 's-1', 'sched-b');
      assert.equal(taken.kind === 'taken' && taken.previousOwner, 'sched-a');
      const move = {
        sessionId: 's-1',
        jobId: 'job-1',
        attempt: 0,
        answer: failure('JOB_TIMEOUT'),
        keepMs: 1000,
      };
      assert.deepEqual(await store.jobs.finish(move), { kind: 'done', seq: 1, owner: 'sched-b' });
    }));

  it('reads the outbox from where the reader was and forgets what is trimmed', () =>
    withStore(async ({ store }) => {
      await openSession(store, 's-1');
      for (let i = 0; i < 5; i++) {
        const jobId = `job-${String(i)}`;
        await store.jobs.accept(jobOf('s-1', { jobId, utteranceIndex: i }));
        const answer = failure(`CODE_${String(i)}`);
        await store.jobs.finish({ sessionId: 's-1', jobId, attempt: 0, answer, keepMs: 1000 });
      }
      const seqs = async (after: number, limit: number) =>
        (await store.sessions.readOutbox('s-1', after, limit)).map(({ seq }) => seq);
      assert.deepEqual(await seqs(0, 10), [1, 2, 3, 4, 5]);
      assert.deepEqual(await seqs(2, 2), [3, 4]);
      await store.sessions.trimOutbox('s-1', 3);
      await store.sessions.trimOutbox('s-1', 1);
      assert.deepEqual(await seqs(0, 10), [4, 5]);
      assert.deepEqual((await store.sessions.readOutbox('s-1', 4, 1))[0], {
        seq: 5,
        jobId: 'job-4',
        utteranceIndex: 4,
        answer: failure('CODE_4'),
      });
      assert.equal((await store.sessions.get('s-1'))?.seq, 5);
    }));

  it('refuses ids that would lead to another key', () =>
    withStore(async ({ store }) => {
      for (const sessionId of ['', 'a{b', 'a b', 'a/b', 'a|b', 'x'.repeat(129), 'ключ']) {
        await assert.rejects(openSession(store, sessionId), { code: 'invalid' }, `id '${sessionId}'`);
      }
    }));
}
