import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../random.ts';
import { allPoints, kinds, moments, pointsOn, sample } from './plan.ts';
import { steps } from './steps.ts';

describe('the list of fault points', () => {
  const points = allPoints();

  test('has every step, moment, instance and kind once', () => {
    assert.equal(steps.length, 24);
    assert.equal(points.length, 24 * moments.length * 3 * kinds.length);
    assert.equal(new Set(points.map(({ id }) => id)).size, points.length);
  });

  test('leaves out of a cluster only the wait for a replica', () => {
    assert.equal(pointsOn('single').length, points.length);
    const onCluster = new Set(pointsOn('cluster').map(({ id }) => id));
    const left = points.filter(({ id }) => !onCluster.has(id));
    assert.equal(left.length, moments.length * 3 * kinds.length);
    assert.ok(left.every(({ step }) => step.replicated));
  });

  test('gives the same sample for the same seed, and every step before any comes twice', () => {
    const now = pointsOn('single');
    const ids = (seed: number) => sample(now, 48, seededRandom(seed)).map(({ id }) => id);
    assert.deepEqual(ids(3), ids(3));
    assert.notDeepEqual(ids(3), ids(4));
    const byStep = sample(now, 24, seededRandom(3)).map(({ step }) => step.number);
    assert.equal(new Set(byStep).size, 24);
    assert.equal(sample(now, 5000, seededRandom(3)).length, now.length);
  });
});
