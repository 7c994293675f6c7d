import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isBounded, isShallow } from './codec-bounds.ts';
import { decodeNodeFrame, decodeSessionFrame } from './codec.ts';

const million = 1_000_000;
const text = JSON.stringify({ audio: 'A'.repeat(16 * million), text: '[{,'.repeat(million) });
const escaped = JSON.stringify({ text: '\\"[[,'.repeat(million) });

describe('a large frame', () => {
  it('may be as large as it likes when it is text, whatever stands in the text', () => {
    assert.ok(isBounded(text));
    assert.ok(isBounded(escaped));
  });

  const bombs: readonly [title: string, frame: string][] = [
    ['nested lists', '['.repeat(million)],
    ['nested objects', '{"a":'.repeat(million)],
    ['empty objects', `[${'{},'.repeat(million)}{}]`],
    ['numbers', `{"type":"utterance","x":[${'1,'.repeat(million)}1]}`],
    ['empty texts', `[${'"",'.repeat(million)}""]`],
    ['lists that are closed again', `[${'[],'.repeat(million)}1]`],
  ];
  for (const [title, bomb] of bombs) {
    it(`of many ${title} is refused without being parsed`, () => {
      assert.equal(isBounded(bomb), false);
      for (const decoded of [decodeSessionFrame(bomb), decodeNodeFrame(bomb)]) {
        assert.ok(!decoded.ok && decoded.code === 'INVALID_MESSAGE');
      }
    });
  }

  it('counts exactly what stands outside of texts, whatever the texts hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 200 }), (texts) => {
        const parts = [...texts, 'x'.repeat(20_000)];
        const few = JSON.stringify(parts);
        assert.ok(isBounded(few));
        // The same texts, then one part too many.
        const many = `[${few},${'0,'.repeat(50_000 - parts.length)}0]`;
        assert.equal(isBounded(many), false);
      }),
      { numRuns: 50 },
    );
  });
});

describe('details of a node', () => {
  it('may be nested, but not so that walking through them breaks', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    assert.ok(isShallow(nested(64)));
    assert.ok(!isShallow(nested(65)));
    const bomb = `{"type":"node_error","node_id":"n","code":"c","message":"m","details":${'['.repeat(7000)}${']'.repeat(7000)}}`;
    const decoded = decodeNodeFrame(bomb);
    assert.ok(!decoded.ok);
    assert.match(decoded.why, /^details: nested too deeply/);
  });
});
