import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Rate, type RateLimit } from './rate.ts';

const limit: RateLimit = { perSecond: 10, burst: 3 };

describe('the message rate', () => {
  it('allows a burst at once, and then one for each share of a second', () => {
    const rate = new Rate();
    for (let n = 0; n < 3; n++) assert.equal(rate.take(limit, 5000), 0);
    const waitMs = rate.take(limit, 5000);
    assert.ok(Math.abs(waitMs - 100) < 0.001, String(waitMs));
    assert.equal(rate.take(limit, 5000 + waitMs), 0);
    assert.ok(rate.take(limit, 5000 + waitMs) > 99);
  });

  it('saves up no more than a burst, however long the pause', () => {
    const rate = new Rate();
    rate.take(limit, 0);
    for (let n = 0; n < 3; n++) assert.equal(rate.take(limit, 3_600_000), 0);
    assert.ok(rate.take(limit, 3_600_000) > 0);
  });

  it('is no limit when it is 0', () => {
    const rate = new Rate();
    for (let n = 0; n < 1000; n++) assert.equal(rate.take({ perSecond: 0, burst: 1 }, 0), 0);
  });

  it('never lets more through than burst and rate allow, and never refuses what they allow for ever', () => {
    const arbitrary = fc.record({
      perSecond: fc.integer({ min: 1, max: 1000 }),
      burst: fc.integer({ min: 1, max: 50 }),
      gaps: fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 1, maxLength: 200 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ perSecond, burst, gaps }) => {
        const rate = new Rate();
        let nowMs = 1000;
        let taken = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const waitMs = rate.take({ perSecond, burst }, nowMs);
          if (waitMs === 0) taken++;
          else {
            const eachMs = 1000 / perSecond;
            assert.ok(waitMs <= eachMs + 1e-3);
            // The margin covers sums of fractions.
            assert.ok(taken >= burst - 1);
          }
          assert.ok(taken <= burst + ((nowMs - 1000) * perSecond) / 1000 + 1e-3);
        }
      }),
    );
  });
});
