/**
 * How late the event loop runs all the time: the least of its last few delays. One stall, of a large message or a
 * collection of garbage, makes one timer late and is over. Under overload every timer is late, because each waits for
 * whatever runs instead of it, and so does every message.
 */
import type { Clock } from '../common/clock.ts';

const tickMs = 50;
const looks = 3;

/** Returns a function that tells it in milliseconds. Goes on until the signal aborts. */
export function watchLoopDelay(clock: Clock, signal: AbortSignal): () => number {
  const delays = Array.from({ length: looks }, () => 0);

  function lookLater(): void {
    const dueMs = clock.monotonic() + tickMs;
    clock.after(tickMs, () => {
      if (signal.aborted) return;
      delays.shift();
      delays.push(Math.max(0, clock.monotonic() - dueMs));
      lookLater();
    });
  }

  lookLater();
  return () => Math.min(...delays);
}
