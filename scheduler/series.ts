/**
 * Counters and histograms for what happens with every job. prom-client hashes labels at each step, which costs a job
 * more than deciding where it goes; here a step is a look-up and an addition, and prom-client sees the sums at a scrape.
 */
import { Counter, type Histogram, type Registry } from 'prom-client';

interface SeriesOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly registers: Registry[];
}

type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** A counter. */
export class Tally<Label extends string = never> {
  readonly #names: readonly Label[];
  readonly #sums = new Map<string, { readonly labels: Labels<Label>; value: number }>();

  constructor({ name, help, labelNames, registers }: SeriesOptions<Label>) {
    this.#names = labelNames;
    const sums = this.#sums;
    new Counter<string>({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      collect() {
        this.reset();
        for (const { labels, value } of sums.values()) this.inc(labels, value);
      },
    });
    if (labelNames.length === 0) this.#sums.set('', { labels: {} as Labels<Label>, value: 0 });
  }

  inc(...[labels, value = 1]: [Label] extends [never] ? [] : [labels: Labels<Label>, value?: number]): void {
    const key = labels ? keyOf(this.#names, labels) : '';
    const sum = this.#sums.get(key);
    if (sum) sum.value += value;
    else if (labels) this.#sums.set(key, { labels: { ...labels }, value });
  }

  /** Every sum so far, by its labels. */
  *sums(): Generator<{ readonly labels: Labels<Label>; readonly value: number }> {
    for (const { labels, value } of this.#sums.values()) yield { labels, value };
  }
}

interface Distribution {
  readonly labels: Readonly<Record<string, string>>;
  /** How many fell into each bucket, and beyond the last. */
  readonly counts: Float64Array;
  sum: number;
}

/** A histogram. */
export class Timing<Label extends string = never> {
  readonly #names: readonly Label[];
  readonly #bounds: readonly number[];
  readonly #distributions = new Map<string, Distribution>();

  constructor(options: SeriesOptions<Label> & { readonly buckets: readonly number[] }) {
    const { name, help, labelNames, buckets, registers } = options;
    this.#names = labelNames;
    this.#bounds = buckets;
    if (labelNames.length === 0) this.#add({}, '');
    const type = 'histogram';
    const get = () => Promise.resolve({ name, help, type, aggregator: 'sum', values: this.#values(name) });
    // What a registry asks of a metric is its name and its values; the type of the library knows only its own classes.
    const metric = { name, help, type, labelNames, get } as unknown as Histogram;
    for (const registry of registers) registry.registerMetric(metric);
  }

  observe(
    ...[first, second]: [Label] extends [never] ? [value: number] : [labels: Labels<Label>, value: number]
  ): void {
    if (typeof first === 'number') this.#observe({}, '', first);
    else if (second !== undefined) this.#observe(first, keyOf(this.#names, first), second);
  }

  /** Upper bounds of the buckets; there is one more beyond the last. */
  get bounds(): readonly number[] {
    return this.#bounds;
  }

  /** How many fell into each bucket so far, as a copy. */
  counts(labels: Readonly<Record<Label, string>>): Float64Array {
    const distribution = this.#distributions.get(keyOf(this.#names, labels));
    return distribution ? distribution.counts.slice() : new Float64Array(this.#bounds.length + 1);
  }

  #add(labels: Readonly<Record<string, string>>, key: string): Distribution {
    const counts = new Float64Array(this.#bounds.length + 1);
    const distribution: Distribution = { labels: { ...labels }, counts, sum: 0 };
    this.#distributions.set(key, distribution);
    return distribution;
  }

  #observe(labels: Readonly<Record<string, string>>, key: string, value: number): void {
    const distribution = this.#distributions.get(key) ?? this.#add(labels, key);
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  #values(name: string) {
    return [...this.#distributions.values()].flatMap(({ labels, counts, sum }) => {
      let count = 0;
      const buckets = Array.from(counts, (inBucket, at) => {
        count += inBucket;
        return {
          metricName: `${name}_bucket`,
          labels: { le: this.#bounds[at] ?? '+Inf', ...labels },
          value: count,
        };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    });
  }
}

/** Labels hold words of ours, which have no such separator. */
function keyOf<Label extends string>(names: readonly Label[], labels: Labels<Label>): string {
  const [first, second] = names;
  if (first === undefined) return '';
  if (second === undefined) return labels[first];
  if (names.length === 2) return `${labels[first]}\n${labels[second]}`;
  return names.map((name) => labels[name]).join('\n');
}
