import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { show, spreadOf } from './spread.ts';

describe('spread of a few runs', () => {
  it('takes the middle run of an odd number, whatever their order', () => {
    assert.deepEqual(spreadOf([30, 9, 200]), { min: 9, median: 30, max: 200 });
  });

  it('takes the mean of the two middle runs of an even number', () => {
    assert.deepEqual(spreadOf([4, 1, 2, 100]), { min: 1, median: 3, max: 100 });
  });

  it('refuses to make a figure of nothing', () => {
    assert.throws(() => spreadOf([]), /nothing/);
  });

  it('shows one run as one figure, because a range of one run would claim more than was measured', () => {
    assert.equal(show([1234.56], 1), '1,234.6');
    assert.equal(show([2, 1, 3]), '1 – 2 – 3');
  });
});
