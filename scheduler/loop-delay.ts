/**
 * How late the event loop runs: the worst of the last second or two. A timer that fires late has waited for whatever ran
 * instead of it, and so has every message.
 */
import type { Clock } from '../common/clock.ts';

const tickMs = 50;
const windowTicks = 20;

/** Returns a function that tells it in milliseconds. Goes on until the signal aborts. */
export function watchLoopDelay(clock: Clock, signal: AbortSignal): () => number {
  let before = 0;
  let current = 0;
  let ticks = 0;

  function tick(dueMs: number): void {
    if (signal.aborted) return;
    const nowMs = clock.monotonic();
    current = Math.max(current, nowMs - dueMs);
    ticks += 1;
    if (ticks % windowTicks === 0) {
      before = current;
      current = 0;
    }
    next(nowMs);
  }

  function next(nowMs: number): void {
    clock.after(tickMs, () => {
      tick(nowMs + tickMs);
    });
  }

  next(clock.monotonic());
  return () => Math.max(before, current);
}
