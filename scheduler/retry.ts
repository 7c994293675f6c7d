/** Asking again until the store answers. Right for every verb of the store, because each is safe to repeat. */
import { backoffMs } from '../common/backoff.ts';
import type { Clock, Random } from '../common/clock.ts';
import { toAppError } from '../common/errors.ts';

export interface Retry {
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the waiting when the program does. */
  readonly signal: AbortSignal;
}

const pace = { baseMs: 50, capMs: 2000 };

/**
 * The answer of `ask`, which is asked again while the store cannot be reached.
 *
 * @param forMs how long to go on; then the last failure is thrown
 */
export async function retrying<Answer>(
  ask: () => Promise<Answer>,
  { clock, random, signal }: Retry,
  forMs = Number.POSITIVE_INFINITY,
): Promise<Answer> {
  const endMs = clock.monotonic() + forMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (caught) {
      const error = toAppError(caught);
      if (error.code !== 'unavailable' && error.code !== 'timeout') throw error;
      const delayMs = backoffMs(attempt, random.next(), pace);
      if (signal.aborted || clock.monotonic() + delayMs > endMs) throw error;
      await clock.sleep(delayMs, signal);
    }
  }
}
