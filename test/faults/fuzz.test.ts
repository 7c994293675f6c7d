import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeNodeFrame, decodeSessionFrame } from '../../scheduler/protocol/codec.ts';
import { fuzzDecoding, fuzzHints } from './fuzz/decoding.ts';
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
  });

  test('are answered, and let nothing through that was not asked for', () => {
    const { accepted, refused } = fuzzDecoding(20_000, seededRandom(1));
    assert.ok(accepted > 1000, 'mutations that are all refused at the door prove nothing');
    assert.ok(refused > 1000);
  });

  test('in an inbox are answered too', () => {
    fuzzHints(5000, seededRandom(2));
  });
});
