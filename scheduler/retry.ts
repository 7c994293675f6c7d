/** Asking again until the store answers. Right for every verb of the store, because each is safe to repeat. */
import { backoffMs } from '../common/backoff.ts';
import type { Clock, Random } from '../common/clock.ts';
import { isOutage, toAppError } from '../common/errors.ts';

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
export function retrying<Answer>(
  ask: () => Promise<Answer>,
  retry: Retry,
  forMs = Number.POSITIVE_INFINITY,
): Promise<Answer> {
  const endMs = retry.clock.monotonic() + forMs;
  // Nearly always the first answer is the last, and every job asks several times.
  return ask().catch((error: unknown) => askAgain(ask, error, retry, endMs));
}

/** @param failure of the first time */
async function askAgain<Answer>(
  ask: () => Promise<Answer>,
  failure: unknown,
  { clock, random, signal }: Retry,
  endMs: number,
): Promise<Answer> {
  let caught = failure;
  for (let attempt = 1; ; attempt++) {
    const error = toAppError(caught);
    if (!isOutage(error)) throw error;
    const delayMs = backoffMs(attempt, random.next(), pace);
    if (signal.aborted || clock.monotonic() + delayMs > endMs) throw error;
    await clock.sleep(delayMs, signal);
    try {
      return await ask();
    } catch (again) {
      caught = again;
    }
  }
}
