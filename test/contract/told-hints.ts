/**
 * The contract of hints that go with a move: a store that hands them over does so when the move happens, and says so; one
 * that does not leaves them to its caller.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Hint } from '../../scheduler/store/hints.ts';
import {
  claimLease,
  guideScaled,
  jobOf,
  openSession,
  result,
  startReading,
  takeOver,
  until,
  type Harness,
  type WithStore,
} from './harness.ts';

const target = { nodeId: 'node-1', instanceId: 'sched-b' };
const toTarget = { from: 'sched-a', inlineBytes: 16_384 };
const toOwner = { owner: 'sched-a', inlineBytes: 16_384 };
const job = { sessionId: 's-1', jobId: 'job-1' };
const ending = { ...job, attempt: 1, answer: result('hello'), keepMs: 60_000 };
const assign = {
  type: 'assign',
  job_id: 'job-1',
  session_id: 's-1',
  attempt: 1,
  node_id: 'node-1',
  from: 'sched-a',
};

/** What stands in an inbox. */
async function hintsTo(harness: Harness, instanceId: string): Promise<readonly Hint[]> {
  const { length } = await harness.store.inbox.stats(instanceId);
  const reading = startReading(harness, instanceId);
  await until(harness, 'the entries', () => reading.entries.length >= length);
  await reading.stop();
  return reading.entries.flatMap(({ hints }) => hints);
}

export function toldHintContract(withStore: WithStore, tells: boolean) {
  const told = tells ? ({ told: 'sent' } as const) : {};
  const ifTold = <T>(hints: readonly T[]): readonly T[] => (tells ? hints : []);

  it('tells the instance of the node with the record, once', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await openSession(store, 's-1');
      const accept = () => store.jobs.accept(jobOf('s-1'), target, toTarget);
      assert.deepEqual(await accept(), { kind: 'accepted', ...told });
      assert.deepEqual(await accept(), { kind: 'accepted' });
      const { assign: text, audio } = jobOf('s-1');
      assert.deepEqual(await hintsTo(harness, 'sched-b'), ifTold([{ ...assign, assign: text, audio }]));
    }));

  it('tells the owner with the answer, once, and nobody else', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-a');
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), target);
      const finish = () => store.jobs.finish(ending, toOwner);
      assert.deepEqual(await finish(), { kind: 'done', seq: 1, owner: 'sched-a', ...told });
      assert.deepEqual(await finish(), { kind: 'done', seq: 1, owner: 'sched-a' });
      const answer = JSON.stringify(ending.answer);
      const entries = [{ seq: 1, job_id: 'job-1', utterance_index: 0, answer }];
      const hint = { type: 'results', session_id: 's-1', seq: 1, entries };
      assert.deepEqual(await hintsTo(harness, 'sched-a'), ifTold([hint]));
    }));

  it('does not tell an instance whose session it is no more', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-a');
      await openSession(store, 's-1');
      await store.jobs.accept(jobOf('s-1'), target);
      await takeOver(store, 's-1', 'sched-c');
      assert.deepEqual(await store.jobs.finish(ending, toOwner), { kind: 'done', seq: 1, owner: 'sched-c' });
      assert.deepEqual(await hintsTo(harness, 'sched-a'), []);
    }));

  it('does not tell of what did not happen', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await openSession(store, 's-1');
      await takeOver(store, 's-1', 'sched-c');
      assert.deepEqual(await store.jobs.accept(jobOf('s-1'), target, toTarget), { kind: 'fenced' });
      assert.deepEqual(await store.jobs.finish(ending, toOwner), { kind: 'unknown' });
      assert.deepEqual(await hintsTo(harness, 'sched-b'), []);
    }));

  it('records all the same when the inbox is full or nobody reads it', () =>
    withStore(
      async ({ store }) => {
        await openSession(store, 's-1');
        const answerOf = (jobId: string) => store.jobs.accept(jobOf('s-1', { jobId }), target, toTarget);
        const gone = tells ? { told: 'no_owner' } : {};
        assert.deepEqual(await answerOf('job-1'), { kind: 'accepted', ...gone });
        await claimLease(store, 'sched-b');
        assert.deepEqual(await answerOf('job-2'), { kind: 'accepted', ...told });
        const full = tells ? { told: 'busy' } : {};
        assert.deepEqual(await answerOf('job-3'), { kind: 'accepted', ...full });
        assert.equal((await store.jobs.get({ ...job, jobId: 'job-3' }))?.state, 'dispatched');
      },
      { ...guideScaled, maxLength: 1 },
    ));

  it('leaves texts that are large, or do not fit into a line, in the record', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await claimLease(store, 'sched-a');
      await openSession(store, 's-1');
      const accept = (jobId: string, audio: string, inlineBytes: number) =>
        store.jobs.accept(jobOf('s-1', { jobId, audio }), target, { from: 'sched-a', inlineBytes });
      await Promise.all([
        accept('job-1', 'UklGRg==', 10),
        accept('job-2', 'x'.repeat(100_000), 200_000),
        accept('job-3', 'UklGRg==', 16_384),
      ]);
      const assigns = await hintsTo(harness, 'sched-b');
      const carried = assigns.map((hint) => hint.type === 'assign' && hint.assign !== undefined);
      if (tells) assert.deepEqual([carried[0], carried[2]], [false, true]);
      assert.ok(assigns.every((hint) => hint.type === 'assign' && hint.node_id === 'node-1'));
      await store.jobs.finish(ending, { owner: 'sched-a', inlineBytes: 10 });
      const hint = { type: 'results', session_id: 's-1', seq: 1 };
      assert.deepEqual(await hintsTo(harness, 'sched-a'), ifTold([hint]));
    }));

  it('tells several instances of the jobs that are recorded together, each of its own', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const targets = ['sched-b', 'sched-c'].map((instanceId) => ({
        nodeId: `node-of-${instanceId}`,
        instanceId,
      }));
      for (const { instanceId } of targets) await claimLease(store, instanceId);
      await openSession(store, 's-1');
      const numbers = Array.from({ length: 10 }, (_, i) => i);
      await Promise.all(
        numbers.map((i) =>
          store.jobs.accept(jobOf('s-1', { jobId: `job-${String(i)}` }), targets[i % 2], toTarget),
        ),
      );
      for (const [at, { instanceId }] of targets.entries()) {
        const jobs = (await hintsTo(harness, instanceId)).map(
          (hint) => hint.type === 'assign' && hint.job_id,
        );
        const own = numbers.filter((i) => i % 2 === at).map((i) => `job-${String(i)}`);
        assert.deepEqual(jobs, ifTold(own));
      }
    }));
}
