import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeNodeFrame, decodeSessionFrame } from '../../scheduler/protocol/codec.ts';
import { decodeHints } from '../../scheduler/store/decode-hints.ts';
import { fuzzDecoding } from './fuzz/decoding.ts';
import { goodMessages } from './fuzz/messages.ts';
import { seededRandom } from './random.ts';

describe('hostile messages', () => {
  test('begin with messages that are good', () => {
    fc.assert(
      fc.property(goodMessages.session, (message) => decodeSessionFrame(JSON.stringify(message)).ok),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(goodMessages.node, (message) => decodeNodeFrame(JSON.stringify(message)).ok),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(goodMessages.hint, (hint) => {
        const decoded = decodeHints(JSON.stringify([hint]));
        return decoded.ok && decoded.dropped === 0;
      }),
      { numRuns: 200 },
    );
  });

  test('are answered, and let nothing through that was not asked for', () => {
    const { accepted, refused } = fuzzDecoding(20_000, seededRandom(1));
    assert.ok(accepted > 1000, 'mutations that are all refused at the door prove nothing');
    assert.ok(refused > 1000);
  });
});
