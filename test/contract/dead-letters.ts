/** The contract of dead letters: they can be looked at, sent again and removed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { DeadLetter } from '../../scheduler/store/store.ts';
import {
  capacity,
  claimLease,
  deadLettersOf,
  guideScaled,
  numbersOf,
  startReading,
  until,
  type Harness,
  type WithStore,
} from './harness.ts';

const quick = { ...guideScaled, dlq: { ...guideScaled.dlq, maxDeliveries: 1, minIdleMs: 0 } };

/** Dead letters of sched-b, one for each id: hints that its reader did not acknowledge after one delivery. */
async function deadLetters(harness: Harness, ids: readonly string[]): Promise<DeadLetter[]> {
  const { store } = harness;
  await claimLease(store, 'sched-b');
  const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
  for (const id of ids) await store.inbox.send('sched-b', [capacity(id)]);
  await until(harness, 'the dead letters', async () => {
    return (await store.inbox.stats('sched-b')).dlqLength === ids.length;
  });
  await reading.stop();
  return deadLettersOf(store, 'sched-b');
}

const ids = (letters: readonly DeadLetter[]): string[] => letters.map(({ id }) => id);

export function deadLetterToolsContract(withStore: WithStore) {
  it('are listed oldest first, from where the reader was, with where they come from', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const letters = await deadLetters(harness, ['n-1', 'n-2', 'n-3']);
      assert.deepEqual(
        letters.map(({ payload }) => payload),
        ['n-1', 'n-2', 'n-3'].map((id) => JSON.stringify([capacity(id)])),
      );
      const [first, second, third] = letters;
      assert.ok(first && second && third);
      assert.equal(first.reason, 'max_deliveries');
      assert.equal(first.deliveries, 1);
      assert.match(first.sourceStream, /sched-b/);
      assert.match(first.sourceId, /^\d+-\d+$/);
      assert.ok(first.movedAtMs > 0);
      assert.deepEqual(await store.inbox.deadLetters('sched-b', '', 2), [first, second]);
      assert.deepEqual(await store.inbox.deadLetters('sched-b', second.id, 2), [third]);
      assert.deepEqual(await store.inbox.deadLetters('sched-b', third.id, 2), []);
      assert.deepEqual(await store.inbox.deadLetters('sched-c', '', 2), []);
    }, quick));

  it('are found without knowing whose they are, and gone when they are dropped', () =>
    withStore(async (harness) => {
      const { store } = harness;
      assert.deepEqual(await store.inbox.instancesWithDeadLetters(), []);
      const letters = await deadLetters(harness, ['n-1']);
      assert.deepEqual(await store.inbox.instancesWithDeadLetters(), ['sched-b']);
      await store.inbox.dropDeadLetters('sched-b', ids(letters));
      assert.deepEqual(await store.inbox.instancesWithDeadLetters(), []);
    }, quick));

  it('begin as pending entries, of which the oldest is known', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      assert.equal(await store.inbox.oldestPending('sched-b'), undefined);
      const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
      await store.inbox.send('sched-b', [capacity('n-1')]);
      await until(harness, 'it is pending', async () => (await store.inbox.stats('sched-b')).pending === 1);
      assert.match((await store.inbox.oldestPending('sched-b')) ?? '', /^\d+-\d+$/);
      await reading.stop();
    }));

  it('can be sent again to the same instance, which then gets a new entry', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const [first, second] = await deadLetters(harness, ['n-1', 'n-2']);
      assert.ok(first && second);
      assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'sched-b'), 'replayed');
      assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'sched-b'), 'gone');
      assert.deepEqual(await deadLettersOf(store, 'sched-b'), [second]);
      const reading = startReading(harness, 'sched-b');
      await until(harness, 'the delivery', () => reading.entries.length === 1);
      assert.deepEqual(numbersOf(reading.entries), ['n-1']);
      assert.equal(reading.entries[0]?.again, false, 'no deliveries behind it');
      await reading.stop();
    }, quick));

  it('can be sent to another instance', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const [first] = await deadLetters(harness, ['n-1']);
      assert.ok(first);
      await claimLease(store, 'sched-c');
      assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'sched-c'), 'replayed');
      assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'sched-c'), 'gone');
      const reading = startReading(harness, 'sched-c');
      await until(harness, 'the delivery', () => reading.entries.length === 1);
      assert.deepEqual(numbersOf(reading.entries), ['n-1']);
      await reading.stop();
    }, quick));

  it('stay where they are when nobody would read them, or there is no room', () =>
    withStore(
      async (harness) => {
        const { store } = harness;
        const [first] = await deadLetters(harness, ['n-1']);
        assert.ok(first);
        assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'nobody'), 'no_owner');
        for (const id of ['n-2', 'n-3']) await store.inbox.send('sched-b', [capacity(id)]);
        assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'sched-b'), 'busy');
        await claimLease(store, 'sched-c');
        for (const id of ['n-2', 'n-3']) await store.inbox.send('sched-c', [capacity(id)]);
        assert.equal(await store.inbox.replayDeadLetter('sched-b', first.id, 'sched-c'), 'busy');
        assert.deepEqual(await deadLettersOf(store, 'sched-b'), [first]);
        assert.equal((await store.inbox.stats('sched-b')).length, 2);
      },
      { ...quick, maxLength: 2 },
    ));

  it('are dropped by id, and only those', () =>
    withStore(async (harness) => {
      const { store } = harness;
      const [first, second, third] = ids(await deadLetters(harness, ['n-1', 'n-2', 'n-3']));
      assert.ok(first && second && third);
      assert.equal(await store.inbox.dropDeadLetters('sched-b', []), 0);
      assert.equal(await store.inbox.dropDeadLetters('sched-b', [first, third, '1-1']), 2);
      assert.equal(await store.inbox.dropDeadLetters('sched-b', [first]), 0);
      assert.deepEqual(ids(await deadLettersOf(store, 'sched-b')), [second]);
    }, quick));
}
