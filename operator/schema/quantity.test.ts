import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { bytesOf, canonicalQuantity, isQuantity, quantityNano } from './quantity.ts';

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

describe('quantities of a spec', () => {
  // Left what a person writes, right what a real API server stores.
  const table: [number | string, string][] = [
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5', '500m'],
    ['250m', '250m'],
    ['2', '2'],
    [2, '2'],
    ['0', '0'],
    ['0m', '0'],
    ['2000', '2k'],
    ['1024', '1024'],
    [1048576, '1048576'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Gi', '512Mi'],
    ['1000Mi', '1000Mi'],
    ['1Ki', '1Ki'],
    ['0.25Ki', '256'],
    ['1000M', '1G'],
    ['0.1G', '100M'],
    ['0.000001', '1u'],
    ['2048Gi', '2Ti'],
  ];

  for (const [written, stored] of table) {
    it(`${String(written)} is stored as ${stored}`, () => {
      assert.equal(canonicalQuantity(written), stored);
    });
  }

  it('what is canonical stays as it is', () => {
    for (const [, stored] of table) assert.equal(canonicalQuantity(stored), stored);
  });

  it('what it does not understand is left for the API server to judge', () => {
    assert.equal(canonicalQuantity('a lot'), 'a lot');
  });

  it('is reckoned in bytes', () => {
    assert.deepEqual([1024, '1Ki', '1.5Gi', '2k', '0.5G', '3Ti'].map(bytesOf), [
      1024,
      1024,
      1_610_612_736,
      2000,
      500_000_000,
      3 * 1024 ** 4,
    ]);
    assert.equal(bytesOf('a lot'), undefined);
  });
});
