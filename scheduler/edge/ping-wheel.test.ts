import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/fakes/clock.ts';
import { PingWheel } from './ping-wheel.ts';

const intervalMs = 6400;

function counted() {
  const pinged = {
    times: 0,
    ping() {
      pinged.times++;
    },
  };
  return pinged;
}

describe('the ping wheel', () => {
  it('pings each connection once an interval, the first time an interval after it came', async () => {
    const clock = new FakeClock();
    const wheel = new PingWheel(clock, intervalMs);
    const early = counted();
    wheel.add(early);
    await clock.advance(intervalMs / 2);
    const late = counted();
    wheel.add(late);
    await clock.advance(intervalMs / 2 + 1);
    assert.deepEqual([early.times, late.times], [1, 0]);
    await clock.advance(3 * intervalMs);
    assert.deepEqual([early.times, late.times], [4, 3]);
  });

  it('does not ping ten thousand that came one after another all at once', async () => {
    const clock = new FakeClock();
    const wheel = new PingWheel(clock, intervalMs);
    let now = 0;
    let most = 0;
    const one = () => ({
      ping() {
        most = Math.max(most, ++now);
      },
    });
    for (let step = 0; step < 100; step++) {
      for (let n = 0; n < 100; n++) wheel.add(one());
      await clock.advance(intervalMs / 100);
    }
    for (let step = 0; step < 200; step++) {
      now = 0;
      await clock.advance(intervalMs / 100);
    }
    assert.ok(most > 0 && most <= 400, `${String(most)} at once`);
  });

  it('leaves out who has gone, and has no timer when all have', async () => {
    const clock = new FakeClock();
    const wheel = new PingWheel(clock, intervalMs);
    const gone = counted();
    const sector = wheel.add(gone);
    assert.equal(clock.pending, 1);
    wheel.remove(gone, sector);
    wheel.remove(gone, sector);
    await clock.advance(2 * intervalMs);
    assert.deepEqual([gone.times, clock.pending], [0, 0]);
    wheel.add(gone);
    wheel.add(counted());
    assert.equal(clock.pending, 1);
    await clock.advance(intervalMs + 1);
    assert.equal(gone.times, 1);
  });

  it('pings nobody when the interval is 0', () => {
    const clock = new FakeClock();
    new PingWheel(clock, 0).add(counted());
    assert.equal(clock.pending, 0);
  });
});
