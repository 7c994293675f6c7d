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

  it('is not what one stall was, however long', async () => {
    const clock = new LateClock();
    const delayMs = watchLoopDelay(clock, new AbortController().signal);
    await clock.advance(500);
    clock.lateMs = 2000;
    await clock.advance(50);
    clock.lateMs = 0;
    for (let looks = 0; looks < 100; looks++) {
      await clock.advance(50);
      assert.equal(delayMs(), 0);
    }
  });

  it('is known when the loop was late three times in a row, and over as soon as it is in time again', async () => {
    const clock = new LateClock();
    const delayMs = watchLoopDelay(clock, new AbortController().signal);
    clock.lateMs = 700;
    await clock.advance(50 + 2 * 750);
    assert.equal(delayMs(), 0);
    await clock.advance(750);
    assert.equal(delayMs(), 700);
    clock.lateMs = 0;
    await clock.advance(800);
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
