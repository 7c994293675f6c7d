import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeHints, encodeHints } from './decode-hints.ts';
import type { Hint } from './hints.ts';

const capacity: Hint = { type: 'capacity', node_id: 'n-1', from: 'sched-a' };

describe('the payload of an inbox entry', () => {
  it('comes back as it was written', () => {
    const assign: Hint = {
      type: 'assign',
      job_id: 'j',
      session_id: 's',
      attempt: 1,
      node_id: 'n',
      from: 'sched-a',
      audio: 'UklGRg==',
    };
    assert.deepEqual(decodeHints(encodeHints([capacity, assign])), {
      ok: true,
      hints: [capacity, assign],
      dropped: 0,
    });
  });

  it('keeps what it knows beside what it does not', () => {
    const payload = JSON.stringify([null, { type: 'of_tomorrow' }, capacity, { type: 'assign' }]);
    assert.deepEqual(decodeHints(payload), { ok: true, hints: [capacity], dropped: 3 });
  });

  it('is unreadable when it is no array, is missing, or holds malformed hints only', () => {
    for (const payload of [undefined, '', '{', '{}', 'null', '[{"type":"assign"}]']) {
      assert.equal(decodeHints(payload).ok, false, String(payload));
    }
  });

  it('is never a reason to throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
        decodeHints(payload);
      }),
    );
  });
});
