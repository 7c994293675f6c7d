import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Slots, type RunningJob } from './slots.ts';

const job = (jobId: string, attempt = 1): RunningJob => ({
  jobId,
  sessionId: 's',
  attempt,
  owner: 'me',
  sinceMs: 0,
  assign: '{}',
  subject: undefined,
});
const carriedUntilMs = 30_000;
const slotsOf = (capacity: number) => new Slots(capacity, carriedUntilMs);

describe('slots', () => {
  it('are refused when all are taken, and free again after a release', () => {
    const slots = slotsOf(1);
    assert.equal(slots.reserve(job('a')).kind, 'reserved');
    assert.equal(slots.reserve(job('b')).kind, 'full');
    assert.equal(slots.release('a', 2), undefined, 'another attempt has no slot to give back');
    assert.ok(slots.release('a', 1));
    assert.equal(slots.reserve(job('b')).kind, 'reserved');
  });

  it('are not taken twice by an attempt that is announced twice, nor by an older one', () => {
    const slots = slotsOf(2);
    slots.reserve(job('a', 2));
    assert.equal(slots.reserve(job('a', 2)).kind, 'known');
    assert.equal(slots.reserve(job('a', 1)).kind, 'known');
    assert.equal(slots.running, 1);
  });

  it('are taken over by a later attempt of the same job, even when all are taken', () => {
    const slots = slotsOf(1);
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
        const slots = slotsOf(capacity);
        for (const { take, id, attempt } of steps) {
          if (take) slots.reserve(job(`j${String(id)}`, attempt));
          else slots.release(`j${String(id)}`, attempt);
          assert.ok(slots.running <= capacity && slots.free === capacity - slots.running);
        }
      }),
    );
  });
});

describe('a node that comes from another instance with jobs', () => {
  it('has only the slots that these leave', () => {
    const slots = slotsOf(3);
    slots.counted(2, 0);
    assert.equal(slots.reserve(job('a')).kind, 'reserved');
    assert.equal(slots.reserve(job('b')).kind, 'full');
  });

  it('has its slots again as they end, by their results or by its count', () => {
    const slots = slotsOf(3);
    slots.counted(3, 0);
    assert.equal(slots.carriedEnded(), true);
    assert.equal(slots.free, 1);
    assert.equal(slots.counted(1, 1000), true);
    assert.equal(slots.free, 2);
    assert.equal(slots.carriedEnded(), true);
    assert.equal(slots.carriedEnded(), false, 'it brought no more');
    assert.equal(slots.free, 3);
  });

  it('does not count our jobs as brought along, nor those it kept over a reconnect', () => {
    const slots = slotsOf(4);
    slots.adopt(job('kept'));
    slots.counted(1, 0);
    assert.equal(slots.running, 1);
    slots.reserve(job('a'));
    slots.counted(3, 0);
    assert.equal(slots.running, 2, 'a count that is higher than ours later on proves nothing');
  });

  it('has all of them back when nothing that it brought can still run', () => {
    const slots = slotsOf(2);
    slots.counted(2, 0);
    assert.equal(slots.counted(2, carriedUntilMs - 1), false);
    assert.equal(slots.counted(2, carriedUntilMs), true);
    assert.equal(slots.free, 2);
  });

  it('never runs more than its slots, however late its counts are', () => {
    // The node and what is on the wire to it: it takes a job in when `arrives`, and counts when it says so.
    const step = fc.constantFrom('assign', 'arrive', 'count', 'end own', 'end ours');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.nat(4),
        fc.array(step, { maxLength: 60 }),
        (capacity, brought, steps) => {
          const slots = slotsOf(capacity);
          let own = Math.min(brought, capacity);
          const onWire: string[] = [];
          const ours: string[] = [];
          slots.counted(own, 0);
          for (const [i, what] of steps.entries()) {
            const id = `j${String(i)}`;
            if (what === 'assign' && slots.reserve(job(id)).kind === 'reserved') onWire.push(id);
            if (what === 'arrive') ours.push(...onWire.splice(0, 1));
            if (what === 'count') slots.counted(own + ours.length, i);
            if (what === 'end own' && own > 0) {
              own -= 1;
              slots.carriedEnded();
            }
            if (what === 'end ours') for (const ended of ours.splice(0, 1)) slots.release(ended, 1);
            assert.ok(
              own + ours.length + onWire.length <= capacity,
              `${String(own)} + ${String(ours.length)}`,
            );
          }
        },
      ),
    );
  });
});
