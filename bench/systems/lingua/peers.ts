/** A session as a client and a node as a worker, speaking the wire protocol as any other client and node do. */
import { WebSocket } from 'ws';
import { paths } from '../../../common/workload.ts';
import { answer, type Client } from '../system.ts';
import { nodeRegister, nodeHeartbeat, jobResult, sessionInit, utterance } from './messages.ts';

const heartbeatMs = 15_000;
const nodeReadyLimitMs = 10_000;

/** The fields of the scheduler's messages that the bench looks at. */
interface Received {
  readonly type: string;
  readonly session_id: string;
  readonly node_id: string;
  readonly job_id: string;
  readonly attempt_id: number;
  readonly utterance_index: number;
  readonly trace_id: string;
  readonly text_translated: string;
  readonly status: string;
}

type Listen = (message: Received, frame: string) => void;

export async function connectClient(port: number): Promise<Client> {
  const socket = await open(port, paths.sessionSocket);
  const sessionId = await new Promise<string>((resolve, reject) => {
    listen(socket, (message, frame) => {
      if (message.type === 'session_init_ack') resolve(message.session_id);
      else reject(new Error(`expected session_init_ack, got ${frame}`));
    });
    socket.once('close', () => {
      reject(new Error('closed before session_init_ack'));
    });
    socket.send(sessionInit);
  });
  socket.removeAllListeners();
  return session(socket, sessionId);
}

function session(socket: WebSocket, sessionId: string): Client {
  let index = -1;
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const fail = (why: string) => settle?.reject(new Error(why));
  listen(socket, (message, frame) => {
    if (message.type === 'ui_event' && message.status === 'ok') return;
    if (message.type !== 'translation_result') fail(`expected translation_result, got ${frame}`);
    else if (message.utterance_index !== index || message.text_translated !== answer) {
      fail(`expected the result of utterance ${String(index)}, got ${frame}`);
    } else settle?.resolve();
  });
  socket.on('close', (code) => fail(`the scheduler closed the session's socket with ${String(code)}`));
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
      socket.send(utterance(sessionId, ++index));
    });
  return { ask };
}

/** Registers a node, proves its health as a new node must, and answers every job at once. */
export async function connectWorker(port: number, index: number): Promise<void> {
  const socket = await open(port, paths.nodeSocket);
  const nodeId = `bench-node-${String(index)}`;
  const beat = () => {
    socket.send(nodeHeartbeat(nodeId));
  };
  const ready = new Promise<void>((resolve, reject) => {
    const limit = setTimeout(reject, nodeReadyLimitMs, new Error(`${nodeId} did not become ready`));
    listen(socket, (message, frame) => {
      if (message.type === 'job_assign') socket.send(jobResult(nodeId, message));
      else if (message.type === 'node_register_ack') for (let good = 0; good < 3; good++) beat();
      else if (message.type === 'node_status' && message.status === 'ready') resolve();
      else if (message.type === 'error') reject(new Error(`${nodeId} was refused: ${frame}`));
    });
    socket.on('close', () => {
      reject(new Error(`${nodeId} was disconnected`));
    });
    socket.once('close', () => {
      clearTimeout(limit);
    });
    void Promise.resolve().then(() => {
      socket.send(nodeRegister(nodeId));
    });
  });
  await ready;
  const timer = setInterval(beat, heartbeatMs);
  socket.once('close', () => {
    clearInterval(timer);
  });
}

function listen(socket: WebSocket, onMessage: Listen): void {
  socket.on('message', (data: Buffer) => {
    const frame = data.toString();
    onMessage(JSON.parse(frame) as Received, frame);
  });
}

function open(port: number, path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
