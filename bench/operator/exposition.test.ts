import assert from 'node:assert/strict';
import { it } from 'node:test';
import { byLabel, difference, quantile, samplesIn } from './exposition.ts';

const text = `# HELP took How long
# TYPE took histogram
took_bucket{le="0.1",controller="a"} 50
took_bucket{le="0.2",controller="a"} 90
took_bucket{le="+Inf",controller="a"} 100
took_count{controller="a"} 100
plain 3
`;

it('samples are read with and without labels', () => {
  const samples = samplesIn(text);
  assert.equal(samples.length, 5);
  assert.deepEqual(samples.at(-1), { name: 'plain', labels: {}, value: 3 });
  assert.deepEqual(Object.fromEntries(byLabel(samples, 'took_bucket', 'le')), {
    '0.1': 50,
    '0.2': 90,
    '+Inf': 100,
  });
});

it('a quantile lies within the bounds of its bucket', () => {
  const buckets = byLabel(samplesIn(text), 'took_bucket', 'le');
  assert.equal(quantile(buckets, 0.5), 0.1);
  assert.ok(Math.abs(quantile(buckets, 0.7) - 0.15) < 1e-9);
  assert.equal(quantile(buckets, 0.99), 0.2, 'beyond the last bound nothing is known');
  assert.ok(Number.isNaN(quantile(new Map(), 0.5)));
});

it('what was counted before does not count', () => {
  const counted = difference(
    new Map([
      ['a', 5],
      ['b', 1],
    ]),
    new Map([['a', 2]]),
  );
  assert.deepEqual(
    [...counted],
    [
      ['a', 3],
      ['b', 1],
    ],
  );
});
