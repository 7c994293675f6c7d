import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { allowance } from './drain-pace.ts';

/** Sends peers away in steps; how many are left after each. */
function play(peers: number, timeoutMs: number, stepMs = 100): number[] {
  const left: number[] = [];
  let credit = 0;
  let here = peers;
  for (let at = stepMs; at <= timeoutMs; at += stepMs) {
    credit += allowance(here, stepMs, timeoutMs - at + stepMs);
    const gone = Math.min(here, Math.floor(credit));
    credit -= gone;
    here -= gone;
    left.push(here);
  }
  return left;
}

describe('the pace of a drain', () => {
  it('is a tenth of those that are left each second while there is time', () => {
    const left = play(10_000, 60_000);
    assert.ok(Math.abs((left[9] ?? 0) - 9044) < 60, String(left[9]));
    assert.ok(Math.abs((left[99] ?? 0) - 3660) < 120, String(left[99]));
  });

  it('is a few at a time when there are few', () => {
    assert.deepEqual(play(3, 30_000).slice(0, 4), [2, 1, 0, 0]);
  });

  it('lets everybody go in time, however many and however little time', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.integer({ min: 1, max: 100 }), (peers, seconds) => {
        assert.equal(play(peers, seconds * 1000).at(-1), 0);
      }),
    );
  });

  it('never lets all go at once before the end', () => {
    assert.ok((play(1000, 10_000)[0] ?? 0) >= 980);
    assert.equal(allowance(1000, 100, 100), 1000);
    assert.equal(allowance(0, 100, 0), 0);
  });
});
