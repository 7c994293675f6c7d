/** The quick decoders against the schemas: whatever they accept, the schema accepts, and makes the same of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { z } from 'zod';
import { hotNode, hotSession } from './codec-hot.ts';
import { nodeInbound } from './node-messages.ts';
import { sessionInbound } from './session-messages.ts';

type Fields = Record<string, unknown>;
type Decoder = (fields: Fields) => unknown;

const full: Readonly<Record<string, Fields>> = {
  utterance: {
    session_id: 's-1',
    utterance_index: 7,
    manual_cut: true,
    audio: 'AAAA',
    audio_format: 'pcm16',
    sample_rate: 16_000,
    request_id: 'r-1',
    src_lang: 'zh',
    tgt_lang: 'en',
    dialect: 'd',
    features: { emotion_detection: true },
    mode: 'one_way',
    lang_a: 'a',
    lang_b: 'b',
    auto_langs: ['zh'],
    enable_streaming_asr: true,
    partial_update_interval_ms: 5,
    trace_id: 't',
  },
  client_heartbeat: { session_id: 's-1', timestamp: 1, last_seq: 3 },
  job_ack: { job_id: 'j', attempt_id: 1, node_id: 'n', session_id: 's', trace_id: 't' },
  job_started: { job_id: 'j', attempt_id: 1, node_id: 'n', session_id: 's', trace_id: 't' },
  job_result: {
    job_id: 'j',
    attempt_id: 1,
    node_id: 'n',
    session_id: 's',
    trace_id: 't',
    utterance_index: 0,
    success: true,
    text_asr: 'a',
    text_translated: 'b',
    tts_audio: 'AAAA',
    tts_format: 'pcm16',
    extra: { emotion: 'calm', speech_rate: 1.5 },
    processing_time_ms: 12,
    error: { code: 'C', message: 'm', details: { deep: [1] } },
  },
};

/** What the quick decoders leave to the schema, so that most messages of this test come without. */
const seldom = new Set(['mode', 'features', 'auto_langs', 'extra', 'error']);

/** Values at the borders of what the schemas allow. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, undefined, '', 'x', '{x}', 'a b', 'é', 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(256)],
    ...['x'.repeat(257), 'x\n', '\u0000', 0, -0, -1, 1.5, 2 ** 53 - 1, 2 ** 53, 1e300, NaN, true, false],
    ...[[], {}, [1], ['zh'], { emotion_detection: null }, { emotion_detection: 1 }, 'one_way', '7'],
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

function withoutAbsent(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

const tables: readonly [Readonly<Record<string, Decoder>>, Readonly<Record<string, z.ZodType>>][] = [
  [hotSession, sessionInbound],
  [hotNode, nodeInbound],
];

for (const [decoders, schemas] of tables) {
  for (const [type, decode] of Object.entries(decoders)) {
    const fields = full[type] ?? {};
    const mutation = fc.dictionary(
      fc.constantFrom(...Object.keys(fields), 'flavour', '__proto__', 'constructor'),
      strange,
      { maxKeys: 3 },
    );
    const dropped = fc.subarray(
      Object.keys(fields).filter((key) => !seldom.has(key)),
      { maxLength: 2 },
    );

    describe(`the quick decoder of ${type}`, () => {
      it('takes nothing that the schema refuses, and makes the same of the rest', () => {
        let quick = 0;
        fc.assert(
          fc.property(dropped, mutation, fc.nat(9), (missing, changes, luck) => {
            const plain = Object.entries(fields).filter(([key]) => !missing.includes(key));
            const value: Fields = {
              type,
              ...Object.fromEntries(plain.filter(([key]) => luck === 0 || !seldom.has(key))),
              ...changes,
            };
            const message = decode(value);
            if (message === undefined) return;
            quick += 1;
            const checked = schemas[type]?.safeParse(value);
            assert.ok(checked?.success, `the schema refuses ${JSON.stringify(value)}`);
            assert.deepEqual(withoutAbsent(message), withoutAbsent(checked.data));
          }),
          { numRuns: 3000 },
        );
        assert.ok(quick > 300, `only ${String(quick)} were taken`);
      });

      it('takes the message with only the fields it must have', () => {
        let must: Fields = { type, ...fields };
        for (const key of Object.keys(fields)) {
          const without = Object.fromEntries(Object.entries(must).filter(([name]) => name !== key));
          if (schemas[type]?.safeParse(without).success) must = without;
        }
        assert.ok(decode(must));
        for (const key of Object.keys(must)) {
          if (key !== 'type') assert.equal(decode({ ...must, [key]: undefined }), undefined, key);
        }
      });
    });
  }
}
