/**
 * How an instance has been doing: two minutes of figures and the newest notable events, made from one sample every two
 * seconds. A sample costs a few additions, whatever the load.
 */
import type { Figures, Notable } from './figures.ts';
import { added, difference, milliseconds, quantileOf } from './latency.ts';
import { newsOf, type Watched } from './notable.ts';

export interface Sample extends Watched {
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** Jobs that ended in any way, since the process began. */
  readonly ended: number;
  /** Deliveries by latency, since the process began. */
  readonly delivered: Float64Array;
  readonly waiting: number;
  readonly running: number;
}

export const sampleMs = 2000;
const historyLength = 60;
const minuteLength = 30;
/** For the curves: short enough to show a change, long enough to have several jobs in it. */
const curveLength = 5;
const notableLength = 50;
/** Of those, what is published: any instance shows all, so each may be brief. */
export const publishedNotable = 20;
/** The same news within this time is one event that came several times. */
const sameForMs = 30_000;

type History = Figures['history'];

export class Activity {
  readonly #bounds: readonly number[];
  readonly #history: { [Name in keyof History]: (number | null)[] } = {
    jobs_per_second: [],
    p50_ms: [],
    p99_ms: [],
    waiting: [],
    running: [],
  };
  /** Deliveries of each sample of the last minute. */
  readonly #minute: Float64Array[] = [];
  readonly #notable: Notable[] = [];
  #before: Sample | undefined;

  /** @param bounds of the buckets of latencies, in seconds */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  get history(): History {
    return this.#history;
  }

  /** The newest last. */
  get notable(): readonly Notable[] {
    return this.#notable;
  }

  get jobsPerSecond(): number {
    return this.#history.jobs_per_second.at(-1) ?? 0;
  }

  /** Of the last minute. */
  get latency(): Figures['latency'] {
    return { bounds_seconds: [...this.#bounds], counts: [...added(this.#minute, this.#bounds.length + 1)] };
  }

  take(sample: Sample): void {
    const before = this.#before;
    this.#before = sample;
    if (!before) return;
    for (const { level, what, count } of newsOf(before, sample))
      this.note(level, what, sample.nowMs, { count });
    const seconds = Math.max(0.001, (sample.monotonicMs - before.monotonicMs) / 1000);
    push(this.#minute, difference(sample.delivered, before.delivered), minuteLength);
    const curve = added(this.#minute.slice(-curveLength), this.#bounds.length + 1);
    const { jobs_per_second, p50_ms, p99_ms, waiting, running } = this.#history;
    const rate = (sample.ended - before.ended) / seconds;
    push(jobs_per_second, Number(rate.toFixed(rate < 10 ? 2 : 0)), historyLength);
    push(p50_ms, milliseconds(quantileOf(0.5, this.#bounds, curve)), historyLength);
    push(p99_ms, milliseconds(quantileOf(0.99, this.#bounds, curve)), historyLength);
    push(waiting, sample.waiting, historyLength);
    push(running, sample.running, historyLength);
  }

  /** Something happened. The same again soon is counted, not repeated. */
  note(
    level: Notable['level'],
    what: string,
    nowMs: number,
    { count = 1, common = false }: { readonly count?: number; readonly common?: boolean } = {},
  ): void {
    const again = this.#notable.findLast((event) => event.what === what && nowMs - event.at_ms < sameForMs);
    if (!again) {
      push(this.#notable, { at_ms: nowMs, level, what, count, ...(common ? { common } : {}) }, notableLength);
      return;
    }
    this.#notable.splice(this.#notable.indexOf(again), 1);
    this.#notable.push({ ...again, at_ms: nowMs, count: again.count + count });
  }
}

function push<Item>(list: Item[], item: Item, length: number): void {
  list.push(item);
  if (list.length > length) list.shift();
}
