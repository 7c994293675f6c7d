/**
 * How fast an instance that leaves sends its peers elsewhere: a tenth of those that may go each second, so that the others
 * are not overrun by reconnects, faster only when the time would not suffice. A few at a time burden nobody.
 */

/** Of the peers that may go, each second. */
const share = 0.1;

/** Peers per second that are always allowed. */
const least = 10;

/**
 * How many peers may be sent away for a stretch of time; a fraction, to be added up.
 *
 * @param movable peers that may go now
 * @param elapsedMs since the last time
 * @param leftMs until all must have gone
 */
export function allowance(movable: number, elapsedMs: number, leftMs: number): number {
  if (leftMs <= elapsedMs) return movable;
  const bySecond = (Math.max(least, movable * share) * elapsedMs) / 1000;
  const byDeadline = (movable * elapsedMs) / leftMs;
  return Math.min(movable, Math.max(bySecond, byDeadline));
}
