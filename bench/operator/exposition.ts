/** What a program says of itself on /metrics. Pure. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, labels: labelsIn(labels), value: Number(value) }];
  });
}

const labelsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const),
  );

/** Sums of a counter by one of its labels. */
export function byLabel(samples: readonly Sample[], name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const sample of samples) {
    if (sample.name !== name) continue;
    const key = sample.labels[label] ?? '';
    sums.set(key, (sums.get(key) ?? 0) + sample.value);
  }
  return sums;
}

export const difference = (
  after: ReadonlyMap<string, number>,
  before: ReadonlyMap<string, number>,
): Map<string, number> => new Map([...after].map(([key, value]) => [key, value - (before.get(key) ?? 0)]));

/**
 * A quantile of a histogram, reckoned as Prometheus does: evenly between the bounds of the bucket it falls into.
 *
 * @param buckets cumulative counts by upper bound
 */
export function quantile(buckets: ReadonlyMap<string, number>, q: number): number {
  const sorted = [...buckets].map(
    ([bound, count]) => [Number(bound.replace('+Inf', 'Infinity')), count] as const,
  );
  sorted.sort(([a], [b]) => a - b);
  const rank = q * (sorted.at(-1)?.[1] ?? 0);
  let [from, below] = [0, 0];
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below)
      return Number.isFinite(bound) ? from + ((bound - from) * (rank - below)) / (count - below) : from;
    [from, below] = [bound, count];
  }
  return Number.NaN;
}
