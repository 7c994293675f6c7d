import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Activity, type Sample } from './activity.ts';

const bounds = [0.01, 0.1];
const counted = { dead_letters: 0, swept: 0, refused: 0, timeout: 0, unavailable: 0, failed: 0 };
const quiet: Sample = {
  nowMs: 0,
  monotonicMs: 0,
  leaseHeld: true,
  draining: false,
  redis: { reachable: true, error: null },
  nodes: new Map(),
  counted,
  ended: 0,
  delivered: new Float64Array(3),
  waiting: 0,
  running: 0,
};
/** The sample after `steps` of two seconds. */
const at = (steps: number, part: Partial<Sample> = {}): Sample => ({
  ...quiet,
  nowMs: steps * 2000,
  monotonicMs: steps * 2000,
  ...part,
});
const texts = (activity: Activity): string[] =>
  activity.notable.map(({ what, count }) => `${String(count)} ${what}`);

describe('how an instance has been doing', () => {
  it('is a rate and quantiles from sums, however late a sample comes', () => {
    const activity = new Activity(bounds);
    activity.take(at(0));
    activity.take(at(2, { ended: 40, delivered: Float64Array.of(0, 40, 0) }));
    assert.equal(activity.jobsPerSecond, 10);
    assert.deepEqual(activity.history.p50_ms, [55]);
    assert.deepEqual(activity.latency.counts, [0, 40, 0]);
  });

  it('is two minutes long, and its latency one', () => {
    const activity = new Activity(bounds);
    for (let step = 0; step <= 100; step++)
      activity.take(at(step, { ended: step * 2, delivered: Float64Array.of(step, 0, 0) }));
    assert.equal(activity.history.jobs_per_second.length, 60);
    assert.deepEqual(activity.latency.counts, [30, 0, 0]);
  });

  it('knows no latency when nothing was delivered lately', () => {
    const activity = new Activity(bounds);
    for (let step = 0; step <= 10; step++)
      activity.take(at(step, { delivered: Float64Array.of(step > 0 ? 5 : 0, 0, 0) }));
    assert.equal(activity.history.p50_ms[0] === null, false);
    assert.equal(activity.history.p50_ms.at(-1), null);
  });

  it('tells what changed: lease, Redis, nodes, and sums that grew', () => {
    const activity = new Activity(bounds);
    activity.take(
      at(0, {
        nodes: new Map([
          ['n-1', 'ready'],
          ['n-2', 'ready'],
        ]),
      }),
    );
    activity.take(
      at(1, {
        leaseHeld: false,
        redis: { reachable: false, error: 'gone fishing' },
        nodes: new Map([['n-1', 'degraded']]),
        counted: { ...counted, dead_letters: 1, refused: 20 },
      }),
    );
    assert.deepEqual(texts(activity), [
      '1 lease lost: all sockets closed',
      '1 Redis is away: gone fishing',
      '1 node n-1 is degraded',
      '1 node n-2 left',
      '1 inbox entry moved to the dead letters',
      '20 utterance refused: too much at once',
    ]);
    activity.take(
      at(2, { nodes: new Map([['n-1', 'ready']]), counted: { ...counted, dead_letters: 1, refused: 20 } }),
    );
    assert.deepEqual(texts(activity).slice(6), ['1 lease held', '1 Redis is back', '1 node n-1 is ready']);
  });

  it('counts what comes again soon instead of repeating it, and forgets the oldest', () => {
    const activity = new Activity(bounds);
    activity.note('warn', 'flapping', 0);
    activity.note('info', 'between', 1000);
    activity.note('warn', 'flapping', 2000);
    assert.deepEqual(texts(activity), ['1 between', '2 flapping']);
    activity.note('warn', 'flapping', 60_000);
    assert.equal(texts(activity).at(-1), '1 flapping');
    for (let n = 0; n < 200; n++) activity.note('info', `event ${String(n)}`, 70_000);
    assert.equal(activity.notable.length, 50);
  });
});
