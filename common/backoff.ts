/**
 * How long to wait before attempt `attempt + 1`, in milliseconds: exponential from `baseMs`, at most `capMs`, with full
 * jitter on the upper half, so that many who failed together do not come back together.
 *
 * @param attempt failures so far, from 1
 * @param draw    a number in [0, 1)
 */
export function backoffMs(
  attempt: number,
  draw: number,
  { baseMs, capMs }: { baseMs: number; capMs: number },
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * draw);
}
