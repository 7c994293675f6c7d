import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bytesOf, canonicalQuantity } from './quantity.ts';

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
  assert.equal(canonicalQuantity('1e3'), '1e3');
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
