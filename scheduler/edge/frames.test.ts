import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FrameReader, opcodes } from '../../test/faults/ws-frames.ts';
import { textFrames } from './frames.ts';

const read = (bytes: Buffer): string[] =>
  new FrameReader().push(bytes).map(({ final, opcode, payload }) => {
    assert.deepEqual([final, opcode], [true, opcodes.text]);
    return payload.toString('utf8');
  });

describe('text frames', () => {
  it('hold each text as it is, in order', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(texts, (said) => {
        assert.deepEqual(read(textFrames(said)), said);
      }),
    );
  });

  it('say their size in the shortest way, wherever one becomes too short', () => {
    for (const [size, header] of [
      [0, 2],
      [125, 2],
      [126, 4],
      [65_535, 4],
      [65_536, 10],
    ] as const) {
      const bytes = textFrames(['x'.repeat(size)]);
      assert.equal(bytes.length, header + size);
      assert.deepEqual(read(bytes), ['x'.repeat(size)]);
    }
  });

  it('count bytes and not characters', () => {
    const text = '译'.repeat(60);
    assert.equal(textFrames([text]).length, 4 + 180);
    assert.deepEqual(read(textFrames([text, '…'])), [text, '…']);
  });

  it('are well formed though a text is not: half a character is written as an unknown one', () => {
    assert.deepEqual(read(textFrames(['a\ud83d', 'b'])), ['a\ufffd', 'b']);
  });
});
