import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeHeartbeat, NodeRegister } from '../protocol/node-messages.ts';
import { canTranslate, wantedPairs } from '../decide/languages.ts';
import {
  factsOf,
  healthOf,
  readyServices,
  refusalOf,
  spokenLanguages,
  withHeartbeat,
} from './registration.ts';

const core = { asr_service_id: 'asr-1', nmt_service_id: 'nmt-1', tts_service_id: 'tts-1' };
const register = (part: Record<string, unknown> = {}): NodeRegister =>
  NodeRegister.parse({
    type: 'node_register',
    version: '1',
    platform: 'linux',
    hardware: { cpu_cores: 8, memory_gb: 32, gpus: [{ name: 'g', memory_gb: 8 }] },
    features_supported: {},
    accept_public_jobs: true,
    ...part,
  });

describe('a registration', () => {
  it('is refused without a GPU, or with a schema nobody knows', () => {
    assert.equal(refusalOf(register({ hardware: { cpu_cores: 1, memory_gb: 1 } }))?.code, 'NO_GPU_AVAILABLE');
    assert.equal(
      refusalOf(register({ hardware: { cpu_cores: 1, memory_gb: 1, gpus: [] } }))?.code,
      'NO_GPU_AVAILABLE',
    );
    assert.equal(
      refusalOf(register({ capability_schema_version: '3.0' }))?.code,
      'INVALID_CAPABILITY_SCHEMA',
    );
    assert.equal(refusalOf(register({ capability_schema_version: '2.0' })), undefined);
    assert.equal(refusalOf(register()), undefined);
  });

  it('of schema 1.0 offers what is installed and ready, not one of the two', () => {
    const facts = factsOf(
      register({
        installed_services: [{ service_id: 'asr-1' }, { service_id: 'nmt-1' }],
        capability_state: { 'asr-1': 'ready', 'nmt-1': 'downloading', 'tts-1': 'ready' },
      }),
    );
    assert.deepEqual(readyServices(facts, core), ['asr-1']);
    const { servicesInstalled, servicesReady } = healthOf(facts, core);
    assert.deepEqual([servicesInstalled, servicesReady], [2, 1]);
  });

  it('of schema 2.0 offers the core service of each ready kind, and what it names', () => {
    const facts = factsOf(
      register({
        capability_schema_version: '2.0',
        capability_by_type: [
          { type: 'asr', ready: true, ready_impl_ids: ['whisper'] },
          { type: 'nmt', ready: false },
        ],
      }),
    );
    assert.deepEqual(readyServices(facts, core), ['asr-1', 'whisper']);
  });

  it('keeps what a heartbeat does not bring', () => {
    const facts = factsOf(register({ installed_services: [{ service_id: 'asr-1' }] }));
    const beat = NodeHeartbeat.parse({
      type: 'node_heartbeat',
      node_id: 'n',
      resource_usage: { cpu_percent: 3, mem_percent: 4, running_jobs: 0 },
      capability_state: { 'asr-1': 'ready' },
    });
    const next = withHeartbeat(facts, beat);
    assert.deepEqual(readyServices(next, core), ['asr-1']);
    assert.equal(next.usage.cpu_percent, 3);
  });

  it('of schema 2.0 offers the installed services of a ready kind that names none of its own', () => {
    const services = [
      { service_id: 'whisper', type: 'asr' },
      { service_id: 'emotion', type: 'tone' },
      { service_id: 'repair', type: 'semantic' },
    ];
    const facts = factsOf(
      register({
        installed_services: services,
        capability_by_type: [
          { type: 'asr', ready: true },
          { type: 'tone', ready: true, ready_impl_ids: ['other'] },
          { type: 'semantic', ready: false, reason: 'no model' },
        ],
      }),
    );
    assert.deepEqual(readyServices(facts, core), ['asr-1', 'whisper', 'tone', 'other']);
  });

  it('offers nothing for a core service that is not asked for', () => {
    const facts = factsOf(register({ capability_by_type: [{ type: 'asr', ready: true }] }));
    assert.deepEqual(readyServices(facts, { ...core, asr_service_id: '' }), []);
  });
});

describe('the languages of a node', () => {
  const can = (told: Record<string, unknown>, src_lang: string, tgt_lang: string): boolean =>
    canTranslate(spokenLanguages(factsOf(register(told))), wantedPairs({ src_lang, tgt_lang }));
  const models = (...installed: Record<string, unknown>[]) => ({
    installed_models: installed.map((model) => ({ model_id: 'm', version: '1', ...model })),
  });

  it('are all when it names none', () => {
    assert.equal(spokenLanguages(factsOf(register())), undefined);
    assert.equal(
      spokenLanguages(factsOf(register(models({ kind: 'nmt' }, { kind: 'vad', src_lang: 'zh' })))),
      undefined,
    );
  });

  it('of schema 1.0 are those its models are named for', () => {
    const told = models({ kind: 'nmt', src_lang: 'zh', tgt_lang: 'en' }, { kind: 'tts', tgt_lang: 'en' });
    assert.equal(can(told, 'zh', 'en'), true);
    assert.equal(can(told, 'en', 'zh'), false);
  });

  it('are not limited by one model when another is named for none, nor by one that is switched off', () => {
    assert.equal(
      can(models({ kind: 'nmt', src_lang: 'zh', tgt_lang: 'en' }, { kind: 'nmt' }), 'ja', 'ko'),
      true,
    );
    assert.equal(can(models({ kind: 'asr', src_lang: 'zh', enabled: false }), 'ja', 'ko'), true);
  });

  it('of schema 2.0 are told by step, under either name', () => {
    for (const asr of ['asr_languages', 'asr_langs']) {
      const told = {
        language_capabilities: { [asr]: ['zh'], tts_langs: ['en', 'ja'], semantic_langs: ['zh'] },
      };
      assert.equal(can(told, 'zh', 'ja'), true);
      assert.equal(can(told, 'ja', 'en'), false);
      assert.equal(can(told, 'zh', 'ko'), false);
    }
  });

  it('count before the names of the models', () => {
    const told = {
      ...models({ kind: 'asr', src_lang: 'zh' }),
      language_capabilities: { asr_languages: ['ja'] },
    };
    assert.equal(can(told, 'ja', 'en'), true);
    assert.equal(can(told, 'zh', 'en'), false);
  });

  for (const unreadable of ['zh', 7, ['zh'], { asr_languages: 'zh' }, { nmt_pairs: [7] }]) {
    it(`count as not told, and do not spoil the message, when they read ${JSON.stringify(unreadable)}`, () => {
      assert.equal(can({ language_capabilities: unreadable }, 'xx', 'yy'), true);
    });
  }

  it('follow a heartbeat', () => {
    const beat = NodeHeartbeat.parse({
      type: 'node_heartbeat',
      node_id: 'n',
      resource_usage: { cpu_percent: 3, mem_percent: 4, running_jobs: 0 },
      language_capabilities: { asr_languages: ['ja'] },
    });
    const facts = withHeartbeat(
      factsOf(register({ language_capabilities: { asr_languages: ['zh'] } })),
      beat,
    );
    assert.deepEqual(spokenLanguages(facts), { source: ['ja'], target: ['*'] });
  });
});
