/** Quantiles of counts by bucket. Pure. */

/**
 * The value below which the part `quantile` of all lies, taking values as evenly spread inside their bucket; null when
 * there are none. Beyond the last bound it is that bound: nothing more is known.
 *
 * @param bounds ascending upper bounds; `counts` has one more, for what lies beyond
 */
export function quantileOf(
  quantile: number,
  bounds: readonly number[],
  counts: ArrayLike<number>,
): number | null {
  let total = 0;
  for (const count of Array.from(counts)) total += count;
  if (total === 0) return null;
  let wanted = quantile * total;
  for (const [at, bound] of bounds.entries()) {
    const inBucket = counts[at] ?? 0;
    if (wanted <= inBucket && inBucket > 0) {
      const lower = at === 0 ? 0 : (bounds[at - 1] ?? 0);
      return lower + (bound - lower) * (wanted / inBucket);
    }
    wanted -= inBucket;
  }
  return bounds.at(-1) ?? null;
}

/** Seconds as milliseconds with three digits that matter, so that a published figure is short. */
export const milliseconds = (seconds: number | null): number | null =>
  seconds === null ? null : Number((seconds * 1000).toPrecision(3));

/** What fell into each bucket between two counts. */
export const difference = (after: Float64Array, before: Float64Array): Float64Array =>
  after.map((count, at) => count - (before[at] ?? 0));

export function added(distributions: readonly ArrayLike<number>[], buckets: number): Float64Array {
  const sum = new Float64Array(buckets);
  for (const counts of distributions) {
    for (let at = 0; at < buckets; at++) sum[at] = (sum[at] ?? 0) + (counts[at] ?? 0);
  }
  return sum;
}
