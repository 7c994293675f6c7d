/**
 * A Node that translates nothing: it says what it was asked. For trying a fleet without a GPU.
 *
 *   node docs/examples/node.ts URL [--slots N] [--takes MS]
 *
 * Node 22.18 or newer; uses no library.
 */
import { parseArgs } from 'node:util';

type Message = { readonly type: string } & Readonly<Record<string, unknown>>;

const services = ['node-inference', 'nmt-m2m100', 'piper-tts'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { slots: { type: 'string', default: '4' }, takes: { type: 'string', default: '100' } },
});
const url = positionals[0] ?? 'ws://localhost:5010';
const nodeId = `example-${String(process.pid)}`;

/** Work goes on while the connection is away; what is done then is told at the next one. */
const running = new Map<string, Message>();
const done: Message[] = [];
const firstDelayMs = 200;
let delayMs = firstDelayMs;
let socket = connect();

function connect(): WebSocket {
  const opened = new WebSocket(`${url}/ws/node`);
  opened.onopen = () => {
    send({
      type: 'node_register',
      node_id: nodeId,
      version: 'example',
      capability_schema_version: '1.0',
      platform: 'linux',
      hardware: { cpu_cores: 4, memory_gb: 8, gpus: [{ name: 'none', memory_gb: 1 }] },
      installed_models: [],
      installed_services: services.map((id) => ({ service_id: id, version: '1', platform: 'linux-x64' })),
      features_supported: {},
      accept_public_jobs: true,
      capability_state: Object.fromEntries(services.map((id) => [id, 'ready'])),
      max_concurrent_jobs: Number(values.slots),
    });
  };
  opened.onmessage = ({ data }) => {
    receive(JSON.parse(String(data)) as Message);
  };
  opened.onclose = ({ code }) => {
    console.log(`connection ended (${String(code)}); coming back`);
    // Longer each time, while nobody answers; see client.ts.
    delayMs = Math.min(2 * delayMs, 10_000);
    setTimeout(
      () => {
        socket = connect();
      },
      delayMs * (0.5 + Math.random() / 2),
    );
  };
  return opened;
}

function receive(message: Message): void {
  switch (message.type) {
    case 'node_register_ack':
      delayMs = firstDelayMs;
      console.log(`registered as ${String(message['node_id'])} at ${url}`);
      beat();
      for (const result of done.splice(0)) send(result);
      return;
    case 'job_assign':
      running.set(keyOf(message), message);
      setTimeout(() => {
        finish(message);
      }, Number(values.takes));
      return;
    case 'job_cancel':
      for (const [key, job] of running) if (job['job_id'] === message['job_id']) running.delete(key);
      return;
    default:
      return;
  }
}

function finish(job: Message): void {
  if (!running.delete(keyOf(job))) return;
  const heard = Buffer.from(String(job['audio']), 'base64').toString();
  const { job_id, attempt_id, session_id, utterance_index, trace_id } = job;
  const result: Message = {
    type: 'job_result',
    job_id,
    attempt_id,
    node_id: nodeId,
    session_id,
    utterance_index,
    trace_id,
    success: true,
    text_asr: heard,
    text_translated: `[${String(job['tgt_lang'])}] ${heard}`,
    tts_audio: '',
    tts_format: 'pcm16',
  };
  if (socket.readyState === WebSocket.OPEN) send(result);
  else done.push(result);
}

const keyOf = (job: Message): string => `${String(job['job_id'])}/${String(job['attempt_id'])}`;

function beat(): void {
  send({
    type: 'node_heartbeat',
    node_id: nodeId,
    timestamp: Date.now(),
    resource_usage: { cpu_percent: 5, gpu_percent: 5, mem_percent: 5, running_jobs: running.size },
  });
}

function send(message: Message): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

setInterval(beat, 5000);
