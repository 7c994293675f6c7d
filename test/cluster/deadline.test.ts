import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { FakeClock } from '../fakes/clock.ts';
import { Deadline } from './deadline.ts';
import { SingleFlight } from './kubelet/single-flight.ts';

describe('a deadline', () => {
  it('counts from the first call and can be brought nearer but not moved away', async () => {
    const clock = new FakeClock();
    const deadline = new Deadline(clock);
    deadline.within(30_000);
    await clock.advance(5_000);
    deadline.within(10_000);
    deadline.within(60_000);
    await clock.advance(4_999);
    assert.equal(deadline.signal.aborted, false);
    await clock.advance(1);
    assert.equal(deadline.signal.aborted, true);
  });

  it('is reached at once when it is asked for too late', async () => {
    const clock = new FakeClock();
    const deadline = new Deadline(clock);
    deadline.within(30_000);
    await clock.advance(5_000);
    deadline.within(1_000);
    await clock.advance(0);
    assert.equal(deadline.signal.aborted, true);
  });

  it('leaves no timer behind', () => {
    const clock = new FakeClock();
    const deadline = new Deadline(clock);
    deadline.within(30_000);
    deadline.within(20_000);
    deadline.cancel();
    assert.equal(clock.pending, 0);
  });
});

describe('a single flight', () => {
  it('never runs twice at a time, and answers many requests during a run with one more', async () => {
    const gates: (() => void)[] = [];
    const flight = new SingleFlight(() => new Promise((resolve) => gates.push(resolve)));
    flight.request();
    flight.request();
    flight.request();
    assert.equal(gates.length, 1);
    gates[0]!();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gates.length, 2);
    const settled = flight.settled();
    gates[1]!();
    await settled;
    assert.equal(gates.length, 2);
    flight.request();
    assert.equal(gates.length, 3);
    gates[2]!();
  });
});
