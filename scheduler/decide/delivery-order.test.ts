import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DeliveryOrder } from './delivery-order.ts';

const holdMs = 10_000;

function session(...indexes: number[]) {
  const order = new DeliveryOrder<string>(holdMs);
  let seq = 0;
  for (const index of indexes) order.submitted(index);
  return {
    order,
    answer(index: number, nowMs = 0): string[] {
      order.answered({ index, seq: ++seq, answer: `a${String(index)}` }, nowMs);
      return this.released(nowMs);
    },
    released: (nowMs: number): string[] =>
      Array.from(order.release(nowMs), (item) =>
        item.kind === 'missing' ? `m${String(item.index)}` : item.answered.answer,
      ),
  };
}

describe('delivery order', () => {
  it('is by index, however the answers come', () => {
    const { answer } = bound(session(0, 1, 2));
    assert.deepEqual(answer(2), []);
    assert.deepEqual(answer(1), []);
    assert.deepEqual(answer(0), ['a0', 'a1', 'a2']);
  });

  it('starts where the session starts to count', () => {
    assert.deepEqual(session(7).answer(7), ['a7']);
  });

  it('waits for a lower index that was submitted later', () => {
    const { answer } = bound(session(3, 2));
    assert.deepEqual(answer(3), []);
    assert.deepEqual(answer(2), ['a2', 'a3']);
  });

  it('holds an answer no longer than the hold', () => {
    const { answer, released } = bound(session(0, 1));
    assert.deepEqual(answer(1, 5), []);
    assert.deepEqual(released(holdMs + 4), []);
    assert.deepEqual(released(holdMs + 5), ['a1']);
  });

  it('still delivers the answer that others stopped waiting for, and it holds nobody up any more', () => {
    const { order, answer, released } = bound(session(0, 1));
    answer(1);
    released(holdMs);
    order.submitted(2);
    assert.deepEqual(answer(2, holdMs), ['a2']);
    assert.deepEqual(answer(0, holdMs), ['a0']);
  });

  it('declares a skipped index missing when the hold ends, and not before', () => {
    const { answer, released, order } = bound(session(0, 2));
    assert.deepEqual(answer(0), ['a0']);
    assert.deepEqual(answer(2, 1), []);
    assert.equal(order.wakeAtMs(), holdMs + 1);
    assert.deepEqual(released(holdMs + 1), ['m1', 'a2']);
    assert.equal(order.wakeAtMs(), undefined);
  });

  it('does not declare an open index missing', () => {
    const { answer, released } = bound(session(0, 1, 2, 4));
    answer(0);
    answer(4, 1);
    assert.deepEqual(released(holdMs + 1), ['m3', 'a4']);
  });

  it('releases all below one whose hold ended, in order', () => {
    const { answer, released } = bound(session(0, 1, 2));
    answer(2, 0);
    answer(1, 9_999);
    assert.deepEqual(released(holdMs), ['a1', 'a2']);
  });

  it('delivers both answers of an index that was used twice, in the order of their sequence', () => {
    const { answer } = bound(session(0, 0, 1));
    assert.deepEqual(answer(0), ['a0']);
    assert.deepEqual(answer(1), []);
    assert.deepEqual(answer(0), ['a0', 'a1']);
  });

  it('is not held up by an utterance that was withdrawn', () => {
    const { order, answer } = bound(session(0, 0, 1));
    order.withdrawn(0);
    answer(0);
    assert.deepEqual(answer(1), ['a1']);
  });

  it('takes a wide gap for a new count and reports nothing missing', () => {
    const { answer, released } = bound(session(0, 4_000_000_000));
    answer(0);
    answer(4_000_000_000, 0);
    assert.deepEqual(released(holdMs), ['a4000000000']);
  });

  it('begins the count at the lowest index, though a higher one was told to be a repetition', () => {
    const { order, answer } = bound(session(0, 4));
    order.withdrawn(0);
    assert.deepEqual(answer(4), ['a4']);
  });

  it('tells which answers the outbox must keep', () => {
    const { order, answer } = bound(session(0, 1, 2));
    answer(2);
    answer(1);
    assert.equal(order.lowestHeldSeq(), 1);
    answer(0);
    assert.equal(order.lowestHeldSeq(), undefined);
  });

  it('delivers every answer exactly once and in order when all come within the hold', () => {
    const shuffled = fc
      .integer({ min: 1, max: 30 })
      .chain((count) => fc.shuffledSubarray(range(count), { minLength: count, maxLength: count }));
    fc.assert(
      fc.property(shuffled, (arrivals) => {
        const { answer } = bound(session(...range(arrivals.length)));
        const delivered = arrivals.flatMap((index) => answer(index));
        assert.deepEqual(
          delivered,
          range(arrivals.length).map((index) => `a${String(index)}`),
        );
      }),
    );
  });

  it('delivers every answer exactly once whatever the times, gaps and repeats', () => {
    const step = fc.record({ index: fc.nat(8), waitMs: fc.nat(2 * holdMs) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { answer, released } = bound(session(...steps.map(({ index }) => index)));
        let nowMs = 0;
        const delivered = steps.flatMap(({ index, waitMs }) => answer(index, (nowMs += waitMs)));
        delivered.push(...released(nowMs + holdMs));
        const answers = delivered.filter((item) => item.startsWith('a'));
        assert.deepEqual(answers.sort(), steps.map(({ index }) => `a${String(index)}`).sort());
      }),
    );
  });
});

describe('delivery order of a session that was taken over', () => {
  function resumed(...restored: number[]) {
    const parts = session();
    for (const index of restored) parts.order.restored(index);
    return bound(parts);
  }

  it('is by index among those that are known', () => {
    const { answer } = resumed(3, 5, 9);
    assert.deepEqual(answer(9), []);
    assert.deepEqual(answer(5), []);
    assert.deepEqual(answer(3), ['a3', 'a5', 'a9']);
  });

  it('takes what lies between them for answered before, and not for missing', () => {
    const { answer, released } = resumed(0, 7);
    assert.deepEqual(answer(0), ['a0']);
    assert.deepEqual(answer(7), ['a7']);
    assert.deepEqual(released(2 * holdMs), []);
  });

  it('does not wait for what lies between the known ones and the first new one', () => {
    const { order, answer } = resumed(0);
    order.submitted(6);
    assert.deepEqual(answer(6), [], 'index 0 is open');
    assert.deepEqual(answer(0), ['a0', 'a6']);
    order.submitted(8);
    assert.deepEqual(answer(8), [], 'index 7 was skipped since');
  });

  it('is not misled by requests that are sent again, which are withdrawn', () => {
    const { order, answer } = resumed(0);
    order.submitted(0);
    order.submitted(6);
    order.withdrawn(0);
    assert.deepEqual(answer(0), ['a0']);
    assert.deepEqual(answer(6), ['a6']);
  });

  it('waits for a lower index that had not been accepted before and is sent again', () => {
    const { order, answer } = resumed(5);
    order.submitted(3);
    assert.deepEqual(answer(5), []);
    assert.deepEqual(answer(3), ['a3', 'a5']);
  });

  it('holds an answer no longer than the hold, and a late one then holds nobody up', () => {
    const { order, answer, released } = resumed(0, 1);
    answer(1);
    assert.deepEqual(released(holdMs), ['a1']);
    order.submitted(2);
    assert.deepEqual(answer(2, holdMs), ['a2']);
    assert.deepEqual(answer(0, holdMs), ['a0']);
  });

  it('does not miss what was restored between utterances that are said again', () => {
    const { order, answer } = resumed(1, 2);
    for (const index of [0, 3]) order.submitted(index);
    // Said again, and found to be known.
    for (const index of [1, 2]) {
      order.submitted(index);
      order.withdrawn(index);
    }
    assert.deepEqual(answer(1), []);
    assert.deepEqual(answer(0), ['a0', 'a1']);
    assert.deepEqual(answer(2), ['a2']);
    assert.deepEqual(answer(3), ['a3'], 'nothing is missing, and nothing waited for');
  });

  it('delivers every answer exactly once whatever was restored and whatever comes', () => {
    const step = fc.record({ index: fc.nat(12), waitMs: fc.nat(2 * holdMs), old: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { order, answer, released } = bound(session());
        for (const { index, old } of steps) {
          if (old) order.restored(index);
          else order.submitted(index);
        }
        let nowMs = 0;
        const delivered = steps.flatMap(({ index, waitMs }) => answer(index, (nowMs += waitMs)));
        delivered.push(...released(nowMs + holdMs));
        const answers = delivered.filter((item) => item.startsWith('a'));
        assert.deepEqual(answers.sort(), steps.map(({ index }) => `a${String(index)}`).sort());
        const missed = steps.filter(({ index }) => delivered.includes(`m${String(index)}`));
        assert.deepEqual(missed, [], 'what was submitted is never missing');
      }),
    );
  });
});

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** The parts of a session as free functions. */
function bound(parts: ReturnType<typeof session>) {
  return {
    order: parts.order,
    answer: parts.answer.bind(parts),
    released: parts.released.bind(parts),
  };
}
