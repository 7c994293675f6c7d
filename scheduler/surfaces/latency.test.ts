import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { added, difference, quantileOf } from './latency.ts';

const bounds = [1, 2, 4];

describe('quantiles of buckets', () => {
  const cases: readonly [title: string, quantile: number, counts: number[], expected: number | null][] = [
    ['nothing has none', 0.5, [0, 0, 0, 0], null],
    ['a single bucket is spread evenly', 0.5, [0, 10, 0, 0], 1.5],
    ['the lowest bucket begins at 0', 0.5, [10, 0, 0, 0], 0.5],
    ['empty buckets between are skipped', 0.99, [1, 0, 99, 0], 2 + 2 * (98 / 99)],
    ['what lies beyond is told as the last bound', 0.99, [0, 0, 0, 5], 4],
    ['all of them', 1, [1, 1, 1, 0], 4],
  ];
  for (const [title, quantile, counts, expected] of cases) {
    it(title, () => {
      assert.equal(quantileOf(quantile, bounds, counts), expected);
    });
  }

  it('counts of several can be added, and taken apart', () => {
    assert.deepEqual([...added([[1, 2], Float64Array.of(3, 4), [5]], 2)], [9, 6]);
    assert.deepEqual([...difference(Float64Array.of(5, 7), Float64Array.of(2, 7))], [3, 0]);
  });
});
