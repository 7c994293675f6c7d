/**
 * The smallest value that at least `percent` per cent of the values do not exceed (nearest rank).
 *
 * @param sorted ascending, not empty
 */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new Error('a percentile of nothing');
  return value;
}
