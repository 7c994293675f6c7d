/** The frames that sessions and nodes send, with every field the protocol asks for and none it does not. */
import { answer, question } from '../system.ts';

const languages = { src_lang: 'zh', tgt_lang: 'en' } as const;
const services = ['node-inference', 'nmt-m2m100', 'piper-tts'] as const;

export const sessionInit = JSON.stringify({
  type: 'session_init',
  client_version: '1.0.0',
  platform: 'web',
  ...languages,
});

export const utterance = (sessionId: string, index: number): string =>
  JSON.stringify({
    type: 'utterance',
    session_id: sessionId,
    utterance_index: index,
    manual_cut: false,
    ...languages,
    audio: question,
    audio_format: 'pcm16',
    sample_rate: 16_000,
  });

export const nodeRegister = (nodeId: string): string =>
  JSON.stringify({
    type: 'node_register',
    node_id: nodeId,
    version: '1.0.0',
    capability_schema_version: '1.0',
    platform: 'linux',
    hardware: { cpu_cores: 8, memory_gb: 32, gpus: [{ name: 'bench', memory_gb: 16 }] },
    installed_models: [],
    installed_services: services.map((service_id) => ({ service_id, version: '1', platform: 'linux-x64' })),
    features_supported: {},
    accept_public_jobs: true,
    capability_state: Object.fromEntries(services.map((service) => [service, 'ready'])),
  });

export const nodeHeartbeat = (nodeId: string): string =>
  JSON.stringify({
    type: 'node_heartbeat',
    node_id: nodeId,
    timestamp: Date.now(),
    resource_usage: { cpu_percent: 1, gpu_percent: 1, gpu_mem_percent: 1, mem_percent: 1, running_jobs: 0 },
  });

/** What a result copies from its assignment. */
export interface Assigned {
  readonly job_id: string;
  readonly attempt_id: number;
  readonly session_id: string;
  readonly utterance_index: number;
  readonly trace_id: string;
}

export const jobResult = (nodeId: string, job: Assigned): string =>
  JSON.stringify({
    type: 'job_result',
    job_id: job.job_id,
    attempt_id: job.attempt_id,
    node_id: nodeId,
    session_id: job.session_id,
    utterance_index: job.utterance_index,
    success: true,
    text_asr: '',
    text_translated: answer,
    trace_id: job.trace_id,
  });
