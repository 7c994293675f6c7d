import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partNumbers, redisKind, seedNumber } from './options.ts';
import { wholeNumber } from '../support/option-values.ts';

describe('the command line of a campaign', () => {
  it('takes whole numbers between its bounds', () => {
    assert.equal(wholeNumber('--parallel', '1', 1, 4), 1);
    assert.equal(wholeNumber('--parallel', '4', 1, 4), 4);
    for (const written of ['', '0', '5', '-1', '1.5', '1e0', 'many', ' 2'])
      assert.throws(() => wholeNumber('--parallel', written, 1, 4), {
        message: `--parallel: '${written}' is not a whole number from 1 to 4`,
      });
  });

  it('names a kind of Redis, and says so when it knows none of that name', () => {
    assert.equal(redisKind('cluster'), 'cluster');
    assert.throws(() => redisKind('Cluster'), {
      message: "--redis: 'Cluster' is neither single nor cluster",
    });
  });

  it('repeats a seed, and draws one when there is none', () => {
    assert.equal(seedNumber('12'), 12);
    assert.ok(Number.isInteger(seedNumber(undefined)));
    assert.throws(() => seedNumber('twelve'));
  });

  it('takes one part of several', () => {
    assert.deepEqual(partNumbers('2/6'), { part: 2, parts: 6 });
    for (const written of ['2', '0/6', '7/6', '1/0', '1/2/3', '/'])
      assert.throws(() => partNumbers(written), { message: /^--part: / });
  });
});
