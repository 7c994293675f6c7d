/** The contract of inboxes: in order, at least once, bounded, and nothing undeliverable stays for ever. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { InboxEntry } from '../../scheduler/store/store.ts';
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

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `n-${String(from + i)}`);

/** Each in an entry of its own. */
async function sendOneByOne({ store }: Harness, ids: readonly string[]): Promise<void> {
  for (const id of ids) assert.equal(await store.inbox.send('sched-b', [capacity(id)]), 'sent');
}

export function inboxContract(withStore: WithStore) {
  sendContract(withStore);
  redeliveryContract(withStore);
  deadLetterContract(withStore);
}

function sendContract(withStore: WithStore) {
  it('delivers in the order of sending, once, and is empty after the acknowledgement', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await sendOneByOne(harness, numbered(1, 20));
      const reading = startReading(harness, 'sched-b');
      await until(harness, 'the first twenty', () => reading.entries.length === 20);
      await sendOneByOne(harness, numbered(21, 30));
      await until(harness, 'the other ten', () => numbersOf(reading.entries).length >= 30);
      assert.deepEqual(numbersOf(reading.entries), numbered(1, 30));
      assert.ok(reading.entries.every(({ again }) => !again));
      await until(
        harness,
        'the acknowledgement',
        async () => (await store.inbox.stats('sched-b')).length === 0,
      );
      assert.deepEqual(await store.inbox.stats('sched-b'), { length: 0, pending: 0, dlqLength: 0 });
      await reading.stop();
    }));

  it('delivers all of a burst from many callers, in their order', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      const reading = startReading(harness, 'sched-b');
      const answers = await Promise.all(
        numbered(1, 300).map((id) => store.inbox.send('sched-b', [capacity(id)])),
      );
      assert.deepEqual(new Set(answers), new Set(['sent']));
      await until(harness, 'all hints', () => numbersOf(reading.entries).length >= 300);
      assert.deepEqual(numbersOf(reading.entries), numbered(1, 300));
      await reading.stop();
    }));

  it('refuses what nobody would read, and what would not fit', () =>
    withStore(
      async ({ store }) => {
        assert.equal(await store.inbox.send('sched-b', [capacity('n-1')]), 'no_owner');
        assert.deepEqual(await store.inbox.stats('sched-b'), { length: 0, pending: 0, dlqLength: 0 });
        const token = await claimLease(store, 'sched-b');
        for (let i = 0; i < 3; i++)
          assert.equal(await store.inbox.send('sched-b', [capacity('n-1')]), 'sent');
        assert.equal(await store.inbox.send('sched-b', [capacity('n-1')]), 'busy');
        assert.equal((await store.inbox.stats('sched-b')).length, 3);
        await store.instances.release(token);
        assert.equal(await store.inbox.send('sched-b', [capacity('n-1')]), 'no_owner');
      },
      { ...guideScaled, maxLength: 3 },
    ));

  it('refuses an instance id that would lead to another key, and only that caller', () =>
    withStore(async ({ store }) => {
      await claimLease(store, 'sched-b');
      const good = store.inbox.send('sched-b', [capacity('n-1')]);
      await assert.rejects(store.inbox.send('sched}b', [capacity('n-1')]), { code: 'invalid' });
      assert.equal(await good, 'sent');
    }));

  it('takes hints again as soon as there is room', () =>
    withStore(
      async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        await sendOneByOne(harness, numbered(1, 2));
        assert.equal(await store.inbox.send('sched-b', [capacity('n-3')]), 'busy');
        const reading = startReading(harness, 'sched-b');
        await until(harness, 'room', async () => (await store.inbox.stats('sched-b')).length === 0);
        await sendOneByOne(harness, ['n-4']);
        await until(harness, 'the last', () => numbersOf(reading.entries).includes('n-4'));
        assert.deepEqual(numbersOf(reading.entries), ['n-1', 'n-2', 'n-4']);
        await reading.stop();
      },
      { ...guideScaled, maxLength: 2 },
    ));

  it('ends the reading when asked to, though nothing was ever sent', () =>
    withStore(async (harness) => {
      await claimLease(harness.store, 'sched-b');
      await startReading(harness, 'sched-b').stop();
      assert.deepEqual(await harness.store.inbox.stats('sched-b'), { length: 0, pending: 0, dlqLength: 0 });
    }));
}

function redeliveryContract(withStore: WithStore) {
  const patient = { ...guideScaled, reclaimIdleMs: 60_000 };

  it('gives a new reader first what the last one read and did not acknowledge', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await sendOneByOne(harness, numbered(1, 100));
      const first = startReading(harness, 'sched-b', { acknowledge: () => false });
      await until(harness, 'the entries', () => first.entries.length === 100);
      await first.stop();
      assert.equal((await store.inbox.stats('sched-b')).pending, 100);
      await sendOneByOne(harness, ['n-101']);
      const second = startReading(harness, 'sched-b');
      await until(harness, 'all of them', () => second.entries.length === 101);
      assert.deepEqual(numbersOf(second.entries), numbered(1, 101));
      assert.deepEqual(
        second.entries.map(({ again }) => again),
        [...Array<boolean>(100).fill(true), false],
      );
      await second.stop();
    }, patient));

  it('yields an unacknowledged entry again to the same reader, and not before its time', () =>
    withStore(
      async (harness) => {
        await claimLease(harness.store, 'sched-b');
        await sendOneByOne(harness, ['n-1']);
        const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
        await until(harness, 'the first delivery', () => reading.entries.length === 1);
        await harness.advance(100);
        assert.equal(reading.entries.length, 1);
        await until(harness, 'the second delivery', () => reading.entries.length === 2);
        assert.deepEqual(
          reading.entries.map(({ again }) => again),
          [false, true],
        );
        await reading.stop();
      },
      { ...guideScaled, reclaimIdleMs: 2000 },
    ));

  it('comes round to every unacknowledged entry, not only to the first few', () =>
    withStore(
      async (harness) => {
        await claimLease(harness.store, 'sched-b');
        await sendOneByOne(harness, numbered(1, 30));
        const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
        const again = () => new Set(numbersOf(reading.entries.filter((entry) => entry.again)));
        await until(harness, 'all thirty again', () => again().size === 30);
        await reading.stop();
      },
      // Idle again long before the next scan: one that began anew each time would see only the first eight.
      {
        ...guideScaled,
        count: 4,
        reclaimIdleMs: 5,
        dlq: { ...guideScaled.dlq, maxDeliveries: 1000, scanCount: 8 },
      },
    ));

  it('never yields an acknowledged entry again', () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await sendOneByOne(harness, numbered(1, 10));
      const reading = startReading(harness, 'sched-b');
      await until(harness, 'an empty inbox', async () => (await store.inbox.stats('sched-b')).length === 0);
      await store.inbox.acknowledge(
        'sched-b',
        reading.entries.map(({ id }) => id),
      );
      await store.inbox.acknowledge('sched-b', []);
      await harness.advance(250);
      assert.equal(reading.entries.length, 10);
      await reading.stop();
    }));
}

function deadLetterContract(withStore: WithStore) {
  const undecodable = ['', 'not json', '{"type":"dispatch_to_node"}', '[{"type":"capacity"}]'];
  for (const payload of undecodable) {
    it(`dead-letters the undecodable payload '${payload}' at once, with a reason, and reads on`, () =>
      withStore(async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        await harness.inject('sched-b', payload);
        await sendOneByOne(harness, ['n-1']);
        const reading = startReading(harness, 'sched-b');
        await until(harness, 'the good entry', () => reading.entries.length === 1);
        const [letter, ...others] = await deadLettersOf(harness.store, 'sched-b');
        assert.equal(letter?.payload, payload);
        assert.match(letter.reason, /^undecodable/);
        assert.equal(others.length, 0);
        await until(harness, 'an empty inbox', async () => (await store.inbox.stats('sched-b')).length === 0);
        assert.equal((await store.inbox.stats('sched-b')).dlqLength, 1);
        await reading.stop();
      }));
  }

  it('leaves out hints of a newer version and delivers the rest of the entry', () =>
    withStore(async (harness) => {
      await claimLease(harness.store, 'sched-b');
      await harness.inject(
        'sched-b',
        JSON.stringify([{ type: 'of_tomorrow' }, capacity('n-1'), 7, { type: 'capacity' }]),
      );
      await harness.inject('sched-b', JSON.stringify([{ type: 'of_tomorrow' }]));
      const reading = startReading(harness, 'sched-b');
      await until(harness, 'both entries', () => reading.entries.length === 2);
      assert.deepEqual(numbersOf(reading.entries), ['n-1']);
      assert.deepEqual(await deadLettersOf(harness.store, 'sched-b'), []);
      await reading.stop();
    }));

  it("dead-letters a poison entry after the guide's ten deliveries, and only that one", () =>
    withStore(async (harness) => {
      const { store } = harness;
      await claimLease(store, 'sched-b');
      await sendOneByOne(harness, ['n-poison']);
      const isPoison = (entry: InboxEntry) => numbersOf([entry]).includes('n-poison');
      const reading = startReading(harness, 'sched-b', { acknowledge: (entry) => !isPoison(entry) });
      await until(
        harness,
        'the dead letter',
        async () => (await store.inbox.stats('sched-b')).dlqLength === 1,
      );
      await sendOneByOne(harness, ['n-good']);
      await until(harness, 'the good one', () => numbersOf(reading.entries).includes('n-good'));
      const [letter] = await deadLettersOf(harness.store, 'sched-b');
      assert.equal(letter?.reason, 'max_deliveries');
      assert.ok(letter.deliveries >= 10, String(letter.deliveries));
      assert.equal(reading.entries.filter(isPoison).length, letter.deliveries);
      assert.deepEqual(JSON.parse(letter.payload), [capacity('n-poison')]);
      await reading.stop();
    }));

  it('stops a crash loop: an entry that no reader survives ends in the dead letters', () =>
    withStore(
      async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        await sendOneByOne(harness, ['n-poison']);
        let deliveries = 0;
        while ((await store.inbox.stats('sched-b')).dlqLength === 0) {
          const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
          await until(harness, 'a delivery or the end', async () => {
            return reading.entries.length > 0 || (await store.inbox.stats('sched-b')).dlqLength === 1;
          });
          deliveries += reading.entries.length;
          await reading.stop();
        }
        assert.equal(deliveries, 3);
      },
      {
        ...guideScaled,
        reclaimIdleMs: 60_000,
        dlq: { ...guideScaled.dlq, maxDeliveries: 3, minIdleMs: 0 },
      },
    ));

  it('retries for ever and buries nothing when dead letters are off', () =>
    withStore(
      async (harness) => {
        const { store } = harness;
        await claimLease(store, 'sched-b');
        await harness.inject('sched-b', 'not json');
        await sendOneByOne(harness, ['n-1']);
        const reading = startReading(harness, 'sched-b', { acknowledge: () => false });
        await until(harness, 'more deliveries than the limit', () => reading.entries.length > 4);
        assert.deepEqual(await store.inbox.stats('sched-b'), { length: 1, pending: 1, dlqLength: 0 });
        await reading.stop();
      },
      { ...guideScaled, dlq: { ...guideScaled.dlq, enabled: false, maxDeliveries: 2, minIdleMs: 0 } },
    ));
}
