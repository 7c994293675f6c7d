import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Slots, type RunningJob } from './slots.ts';

const job = (jobId: string, attempt = 1): RunningJob => ({
  jobId,
  sessionId: 's',
  attempt,
  owner: 'a',
  sinceMs: 0,
  assign: undefined,
});

describe('slots', () => {
  it('are refused when all are taken, and free again when one is released', () => {
    const slots = new Slots(1);
    assert.equal(slots.reserve(job('a')).kind, 'reserved');
    assert.equal(slots.reserve(job('b')).kind, 'full');
    assert.equal(slots.release('a', 1)?.jobId, 'a');
    assert.equal(slots.reserve(job('b')).kind, 'reserved');
  });

  it('are not taken twice by an attempt that is announced twice, nor by an older one', () => {
    const slots = new Slots(2);
    slots.reserve(job('a', 2));
    assert.equal(slots.reserve(job('a', 2)).kind, 'known');
    assert.equal(slots.reserve(job('a', 1)).kind, 'known');
    assert.equal(slots.running, 1);
  });

  it('are taken over by a later attempt of the same job, even when all are taken', () => {
    const slots = new Slots(1);
    slots.reserve(job('a', 1));
    const reservation = slots.reserve(job('a', 2));
    assert.ok(reservation.kind === 'reserved' && reservation.replaced?.attempt === 1);
    assert.equal(slots.release('a', 1), undefined, 'the old attempt has no slot to give back');
    assert.equal(slots.running, 1);
  });

  it('never hold more jobs than the capacity, whatever comes in whatever order', () => {
    const step = fc.record({ take: fc.boolean(), id: fc.nat(6), attempt: fc.nat(3) });
    fc.assert(
      fc.property(fc.nat(3), fc.array(step), (capacity, steps) => {
        const slots = new Slots(capacity);
        for (const { take, id, attempt } of steps) {
          if (take) slots.reserve(job(`j${String(id)}`, attempt));
          else slots.release(`j${String(id)}`, attempt);
          assert.ok(slots.running <= capacity && slots.free === capacity - slots.running);
        }
      }),
    );
  });
});
