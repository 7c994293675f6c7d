import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Hint } from './hints.ts';
import { readHotHint } from './hot-hints.ts';

const entry = { seq: 7, job_id: 'job-1', utterance_index: 0, answer: '{"kind":"result"}' };
const whole = [
  {
    type: 'assign',
    job_id: 'job-1',
    session_id: 's-1',
    attempt: 0,
    node_id: 'node-1',
    from: 'sched-a',
    assign: '{}',
    audio: 'UklGRg==',
  },
  { type: 'results', session_id: 's-1', seq: 7, entries: [entry, { ...entry, seq: 8 }] },
  { type: 'progress', session_id: 's-1', message: '{"type":"asr_partial"}' },
] as const;

/** What a person, another version or an attacker could put in the place of any value. */
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>('', 'x'.repeat(256), 'x'.repeat(257), -1, 0, 1, 1.5, 2 ** 53, 1e400, null, [], {}),
  fc.constantFrom<unknown>([entry], [entry, null], [{ ...entry, seq: 0 }], [{ ...entry, more: 1 }]),
);

type Change = (hint: Record<string, unknown>) => void;
const change: fc.Arbitrary<Change> = fc
  .record({
    drop: fc.boolean(),
    key: fc.oneof(
      fc.constantFrom('type', 'job_id', 'session_id', 'attempt', 'node_id', 'from', 'assign', 'audio'),
      fc.constantFrom('seq', 'entries', 'message', 'more', '__proto__', 'constructor'),
    ),
    value: anyValue,
  })
  .map(({ drop, key, value }) => (hint) => {
    if (drop) Reflect.deleteProperty(hint, key);
    else Object.defineProperty(hint, key, { value, enumerable: true, configurable: true, writable: true });
  });

/** As it comes out of an inbox. */
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('hot hints', () => {
  for (const hint of whole) {
    it(`of type ${hint.type} are read without the schema, and as by it`, () => {
      assert.deepEqual(readHotHint(hint), Hint.parse(hint));
    });
  }

  it('are left to the schema when they are of other types, or no objects', () => {
    for (const element of [{ type: 'interest', from: 'sched-a' }, null, 7, 'assign', [], undefined]) {
      assert.equal(readHotHint(element), undefined);
    }
  });

  it('are taken exactly when the schema takes them, with the same outcome', () => {
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.array(change, { maxLength: 3 }), (hint, changes) => {
        const changed = structuredClone(hint) as Record<string, unknown>;
        for (const apply of changes) apply(changed);
        const element = overTheWire(changed);
        const parsed = Hint.safeParse(element);
        const hot = ['assign', 'results', 'progress'].includes(String(changed['type']));
        if (hot) assert.deepEqual(readHotHint(element), parsed.success ? parsed.data : undefined);
        else assert.equal(readHotHint(element), undefined);
      }),
      { numRuns: 3000 },
    );
  });
});
