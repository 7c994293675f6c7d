import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NodeHeartbeat, NodeRegister } from '../protocol/node-messages.ts';
import { factsOf, healthOf, readyServices, refusalOf, withHeartbeat } from './registration.ts';

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
});
