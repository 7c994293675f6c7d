/** Waiting for something to come true, with a deadline instead of a hope. */
import type { Clock } from '../../common/clock.ts';

/** Resolves to whether the condition came true in time. */
export async function comesTrue(
  condition: () => Promise<boolean> | boolean,
  { clock, withinMs, everyMs = 20 }: { clock: Clock; withinMs: number; everyMs?: number },
): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs;
  for (;;) {
    if (await condition()) return true;
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(everyMs);
  }
}

/** @throws Error that names what did not come true */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  options: { clock: Clock; withinMs: number; everyMs?: number },
): Promise<void> {
  if (!(await comesTrue(condition, options))) {
    throw new Error(`${what}: not within ${options.withinMs} ms`);
  }
}
