import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../random.ts';
import { allPoints, chooseable, kinds, moments, sample } from './plan.ts';
import { steps } from './steps.ts';

describe('the list of fault points', () => {
  const points = allPoints();

  test('has every step, moment, instance and kind once', () => {
    assert.equal(steps.length, 24);
    assert.equal(points.length, 24 * moments.length * 3 * kinds.length);
    assert.equal(new Set(points.map(({ id }) => id)).size, points.length);
  });

  test('leaves out only what waits for a named feature', () => {
    const all = chooseable(points, new Set(['durability']));
    assert.equal(all.length, points.length);
    const now = chooseable(points, new Set());
    const waiting = points.filter((point) => !now.includes(point));
    assert.ok(waiting.every(({ needs }) => needs !== undefined));
    assert.ok(
      now.every(({ step }) => step.mark !== undefined),
      'what is run has a mark to strike at',
    );
  });

  test('gives the same sample for the same seed, and every step before any comes twice', () => {
    const now = chooseable(points, new Set());
    const ids = (seed: number) => sample(now, 46, seededRandom(seed)).map(({ id }) => id);
    assert.deepEqual(ids(3), ids(3));
    assert.notDeepEqual(ids(3), ids(4));
    const byStep = sample(now, 23, seededRandom(3)).map(({ step }) => step.number);
    assert.equal(new Set(byStep).size, 23);
    assert.equal(sample(now, 5000, seededRandom(3)).length, now.length);
  });
});
