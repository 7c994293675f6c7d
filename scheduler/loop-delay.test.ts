import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../test/fakes/clock.ts';
import { watchLoopDelay } from './loop-delay.ts';

/** A clock whose timers fire late, as when something else holds the loop. */
class LateClock extends FakeClock {
  lateMs = 0;

  override after(delayMs: number, action: () => void): () => void {
    return super.after(delayMs + this.lateMs, action);
  }
}

describe('the delay of the event loop', () => {
  it('is nothing while timers fire in time', async () => {
    const clock = new LateClock();
    const delayMs = watchLoopDelay(clock, new AbortController().signal);
    await clock.advance(5000);
    assert.equal(delayMs(), 0);
  });

  it('is known at once when the loop was held, for a second at least, and forgotten after two', async () => {
    const clock = new LateClock();
    const delayMs = watchLoopDelay(clock, new AbortController().signal);
    await clock.advance(500);
    clock.lateMs = 700;
    await clock.advance(50);
    clock.lateMs = 0;
    await clock.advance(750);
    assert.equal(delayMs(), 700);
    await clock.advance(1000);
    assert.equal(delayMs(), 700);
    await clock.advance(1200);
    assert.equal(delayMs(), 0);
  });

  it('is not watched after the end', async () => {
    const clock = new FakeClock();
    const ending = new AbortController();
    watchLoopDelay(clock, ending.signal);
    ending.abort();
    await clock.advance(1000);
    assert.equal(clock.pending, 0);
  });
});
