import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Segmentation, type Segment } from './segmentation.ts';

const limits = { pauseMs: 1000, maxBytes: 10 };
const shown = (segments: readonly Segment<string>[]) =>
  segments.map(({ reason, parts }) => `${reason}:${parts.join('')}`);

function speech(part: Partial<typeof limits> = {}) {
  const segmentation = new Segmentation<string>({ ...limits, ...part });
  return {
    segmentation,
    chunk: (text: string, nowMs: number, isFinal = false) => shown(segmentation.chunk(text, isFinal, nowMs)),
  };
}

describe('segmentation of streamed audio', () => {
  it('ends an utterance where the client says so', () => {
    const { chunk } = speech();
    assert.deepEqual(chunk('ab', 0), []);
    assert.deepEqual(chunk('cd', 10, true), ['send:abcd']);
    assert.deepEqual(chunk('e', 20, true), ['send:e']);
  });

  it('makes no utterance of nothing', () => {
    const { chunk, segmentation } = speech();
    assert.deepEqual(chunk('', 0, true), []);
    assert.deepEqual(shown(segmentation.chunk(undefined, true, 0)), []);
    assert.deepEqual(shown(segmentation.paused(99_999)), []);
  });

  it('ends an utterance at a pause that the next chunk shows, and begins the next with that chunk', () => {
    const { chunk } = speech();
    chunk('ab', 0);
    assert.deepEqual(chunk('cd', 1000), ['pause:ab']);
    assert.deepEqual(chunk('', 1001, true), ['send:cd']);
  });

  it('ends both the utterance before the pause and the one the chunk completes', () => {
    const { chunk } = speech();
    chunk('ab', 0);
    assert.deepEqual(chunk('cd', 5000, true), ['pause:ab', 'send:cd']);
  });

  it('ends an utterance at a pause after which nothing follows', () => {
    const { chunk, segmentation } = speech();
    chunk('ab', 0);
    chunk('cd', 600);
    assert.equal(segmentation.pauseAtMs(), 1600);
    assert.deepEqual(shown(segmentation.paused(1599)), []);
    assert.deepEqual(shown(segmentation.paused(1600)), ['pause:abcd']);
    assert.equal(segmentation.pauseAtMs(), undefined);
  });

  it('waits for the client’s word alone when pauses are switched off', () => {
    const { chunk, segmentation } = speech({ pauseMs: 0 });
    chunk('ab', 0);
    assert.equal(segmentation.pauseAtMs(), undefined);
    assert.deepEqual(chunk('cd', 99_999, true), ['send:abcd']);
  });

  it('never holds more than the limit, unless one chunk alone is larger', () => {
    const { chunk } = speech();
    chunk('abcdef', 0);
    assert.deepEqual(chunk('ghijk', 1), ['limit:abcdef']);
    assert.deepEqual(chunk('lmnopqrstuvwxyz', 2), ['limit:ghijk']);
    assert.deepEqual(chunk('', 3, true), ['send:lmnopqrstuvwxyz']);
  });

  it('loses and repeats no byte, whatever is said when', () => {
    const step = fc.record({
      text: fc.string({ maxLength: 8 }),
      waitMs: fc.nat(2000),
      isFinal: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const segmentation = new Segmentation<string>(limits);
        let nowMs = 0;
        const segments = steps.flatMap(({ text, waitMs, isFinal }) =>
          segmentation.chunk(text, isFinal, (nowMs += waitMs)),
        );
        segments.push(...segmentation.chunk(undefined, true, nowMs));
        assert.equal(segments.flatMap(({ parts }) => parts).join(''), steps.map(({ text }) => text).join(''));
        for (const { parts } of segments) assert.ok(parts.join('').length <= limits.maxBytes);
      }),
    );
  });
});
