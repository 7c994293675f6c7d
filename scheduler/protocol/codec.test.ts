import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeNodeFrame, decodeSessionFrame } from './codec.ts';

const utterance = {
  type: 'utterance',
  session_id: 's-1',
  utterance_index: 0,
  manual_cut: true,
  src_lang: 'zh',
  tgt_lang: 'en',
  audio: 'AAAA',
  audio_format: 'pcm16',
  sample_rate: 16000,
};
const session = (message: unknown) => decodeSessionFrame(JSON.stringify(message));
const node = (message: unknown) => decodeNodeFrame(JSON.stringify(message));

describe('a session frame', () => {
  it('is read with null as absent and unknown fields ignored', () => {
    const decoded = session({ ...utterance, dialect: null, mode: null, flavour: 'new' });
    assert.ok(decoded.ok && decoded.message.type === 'utterance');
    assert.equal(decoded.message.dialect, undefined);
    assert.equal('flavour' in decoded.message, false);
  });

  it('may leave out every optional field', () => {
    assert.ok(
      session({ type: 'session_init', client_version: '1', platform: 'web', src_lang: 'zh', tgt_lang: 'en' })
        .ok,
    );
  });

  const refused: readonly [title: string, message: unknown, why: RegExp][] = [
    ['a negative index', { ...utterance, utterance_index: -1 }, /^utterance_index: /],
    ['a fractional index', { ...utterance, utterance_index: 0.5 }, /^utterance_index: /],
    ['an index beyond exact integers', { ...utterance, utterance_index: 1e300 }, /^utterance_index: /],
    ['a text for a number', { ...utterance, sample_rate: '16000' }, /^sample_rate: /],
    ['a missing field', { ...utterance, audio: undefined }, /^audio: /],
    ['null for a required field', { ...utterance, audio: null }, /^audio: /],
    ['a session id with braces', { ...utterance, session_id: '{s}' }, /^session_id: /],
    [
      'a nested fault, by its path',
      { ...utterance, features: { emotion_detection: 1 } },
      /^features\.emotion_detection: /,
    ],
    ['an unknown type', { type: 'teleport' }, /no message type "teleport"/],
    ['a type every object has', { type: 'constructor' }, /no message type/],
    ['no type', {}, /^type: /],
    ['a list', [], /not one JSON object/],
    ['null', null, /not one JSON object/],
  ];
  for (const [title, message, why] of refused) {
    it(`is refused as INVALID_MESSAGE for ${title}`, () => {
      const decoded = session(message);
      assert.ok(!decoded.ok && decoded.code === 'INVALID_MESSAGE');
      assert.match(decoded.why, why);
    });
  }

  it('of a feature that is not served is named so', () => {
    const decoded = session({ type: 'room_create', client_ts: 1 });
    assert.ok(!decoded.ok && decoded.code === 'UNSUPPORTED_FEATURE');
    assert.match(decoded.why, /"room_create"/);
  });

  it('never makes the decoder throw, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (frame) => {
        assert.equal(typeof decodeSessionFrame(frame).ok, 'boolean');
        assert.equal(typeof decodeNodeFrame(frame).ok, 'boolean');
      }),
    );
  });
});

describe('a node frame', () => {
  const register = {
    type: 'node_register',
    node_id: null,
    version: '1',
    platform: 'linux',
    hardware: { cpu_cores: 8, memory_gb: 32, gpus: [{ name: 'g', memory_gb: 8 }] },
    installed_models: [],
    features_supported: {},
    accept_public_jobs: true,
  };

  it('registers with schema 1.0 and with schema 2.0', () => {
    assert.ok(node({ ...register, capability_state: { 'node-inference': 'ready' } }).ok);
    const byType = [{ type: 'asr', ready: true, ready_impl_ids: ['whisper'] }];
    assert.ok(node({ ...register, capability_schema_version: '2.0', capability_by_type: byType }).ok);
  });

  it('is refused for a state that does not exist', () => {
    const decoded = node({ ...register, capability_state: { x: 'maybe' } });
    assert.ok(!decoded.ok);
    assert.match(decoded.why, /^capability_state\.x: /);
  });
});
