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
const init = { type: 'session_init', client_version: '1', platform: 'web', src_lang: 'zh', tgt_lang: 'en' };
/** Longer than any name; what is kept or logged must not be as large as a frame may be. */
const long = 'x'.repeat(257);
const session = (message: unknown) => decodeSessionFrame(JSON.stringify(message));
const node = (message: unknown) => decodeNodeFrame(JSON.stringify(message));
const many = <Item>(item: Item): Item[] => Array.from({ length: 1001 }, () => item);

describe('a session frame', () => {
  it('is read with null as absent and unknown fields ignored', () => {
    const decoded = session({ ...utterance, dialect: null, mode: null, flavour: 'new' });
    assert.ok(decoded.ok && decoded.message.type === 'utterance');
    assert.equal(decoded.message.dialect, undefined);
    assert.equal('flavour' in decoded.message, false);
  });

  it('may leave out every optional field', () => {
    assert.ok(session(init).ok);
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
    ['a language that is no word', { ...init, src_lang: long }, /^src_lang: /],
    ['a tenant that is no word', { ...init, tenant_id: long }, /^tenant_id: /],
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

  const endless: readonly [what: string, changes: object, why: RegExp][] = [
    ['a platform', { platform: long }, /^platform: /],
    ['a schema version', { capability_schema_version: long }, /^capability_schema_version: /],
    ['a service', { installed_services: [{ service_id: long }] }, /^installed_services\.0\.service_id: /],
    ['a model', { installed_models: [{ model_id: long, kind: 'asr', version: '1' }] }, /\.model_id: /],
    [
      'an implementation',
      { capability_by_type: [{ type: 'asr', ready: true, ready_impl_ids: [long] }] },
      /\.ready_impl_ids\.0: /,
    ],
    [
      'the name of a GPU',
      { hardware: { cpu_cores: 1, memory_gb: 1, gpus: [{ name: long, memory_gb: 1 }] } },
      /\.name: /,
    ],
    ['a list of services', { installed_services: many({ service_id: 's' }) }, /^installed_services: /],
    [
      'a list of models',
      { installed_models: many({ model_id: 'm', kind: 'asr', version: '1' }) },
      /_models: /,
    ],
    [
      'a list of states',
      { capability_state: Object.fromEntries(many('ready').map((state, at) => [`s${String(at)}`, state])) },
      /^capability_state: /,
    ],
  ];
  for (const [what, changes, why] of endless) {
    it(`is refused for ${what} beyond any that is meant`, () => {
      const decoded = node({ ...register, ...changes });
      assert.ok(!decoded.ok);
      assert.match(decoded.why, why);
    });
  }

  it('is refused in few words, however long the name of the faulty field is', () => {
    const decoded = node({ ...register, capability_state: { ['x'.repeat(100_000)]: 'maybe' } });
    assert.ok(!decoded.ok);
    assert.ok(decoded.why.length < 1000, String(decoded.why.length));
  });

  it('is refused for a state that does not exist', () => {
    const decoded = node({ ...register, capability_state: { x: 'maybe' } });
    assert.ok(!decoded.ok);
    assert.match(decoded.why, /^capability_state\.x: /);
  });
});
