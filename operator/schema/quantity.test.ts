import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { canonicalQuantity, isQuantity, quantityNano } from './quantity.ts';

describe('quantities', () => {
  for (const [given, canonical] of [
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'],
    ['1024', '1024'],
    ['1000', '1k'],
    ['1000k', '1M'],
    ['0', '0'],
    ['0Mi', '0'],
    ['100Mi', '100Mi'],
    ['1e3', '1e3'],
    ['12e6', '12e6'],
    ['-1', '-1'],
    ['0.1Ki', '102400m'],
    ['1n', '1n'],
    ['5G', '5G'],
  ] as const) {
    it(`${given} is kept as ${canonical}`, () => {
      assert.equal(canonicalQuantity(given), canonical);
    });
  }

  it('compare across suffixes', () => {
    assert.ok(quantityNano('1Gi') > quantityNano('1G'));
    assert.equal(quantityNano('1'), quantityNano('1000m'));
  });

  it('are no free text', () => {
    assert.deepEqual(['', 'x', '1 Gi', '1gb', '--1'].map(isQuantity), [false, false, false, false, false]);
  });
});
