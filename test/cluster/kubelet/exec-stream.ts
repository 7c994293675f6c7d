/**
 * A process behind a WebSocket, as `kubectl exec` wants it (v5.channel.k8s.io, and v4 without its closing of channels): the first
 * byte of each message is its channel. How the process ended is told on a channel of its own, then the socket closes.
 */
import type { Readable } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { refuseUpgrade, type Upgrade } from '../refuse-upgrade.ts';
import type { Exit, Pipes, RunningProcess } from './processes.ts';

/** Which of them the client asked for. */
export type Streams = Readonly<Record<'stdin' | 'stdout' | 'stderr', boolean>>;

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const;

/** Best first. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

const server = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
});

/** False when `start` has nothing to run, and nothing was answered yet. */
export function acceptExec(
  { request, socket, head }: Upgrade,
  streams: Streams,
  start: () => RunningProcess | undefined,
): boolean {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (
    request.headers.upgrade?.toLowerCase() !== 'websocket' ||
    !protocols.some((name) => offered.includes(name))
  ) {
    refuseUpgrade({ request, socket, head }, 400, `only ${protocols.join(', ')} over WebSocket`);
    return true;
  }
  const process = start();
  const pipes = process?.pipes;
  if (!process || !pipes) return false;
  server.handleUpgrade(request, socket, head, (client) => {
    void converse(client, streams, process, pipes);
  });
  return true;
}

async function converse(
  client: WebSocket,
  streams: Streams,
  process: RunningProcess,
  pipes: Pipes,
): Promise<void> {
  const send = (channel: number, data: Buffer) => {
    client.send(Buffer.concat([Buffer.from([channel]), data]));
  };
  let isOver = false;
  client.once('close', () => {
    if (!isOver) process.kill();
  });
  client.on('error', () => undefined);
  pipes.stdin.on('error', () => undefined);
  if (streams.stdin)
    client.on('message', (data) => {
      listen(bytesOf(data), pipes);
    });
  else pipes.stdin.end();
  const shown = [
    streams.stdout ? pump(pipes.stdout, channels.stdout, send) : drain(pipes.stdout),
    streams.stderr ? pump(pipes.stderr, channels.stderr, send) : drain(pipes.stderr),
  ];
  const exit = await process.exited;
  isOver = true;
  await Promise.all(shown);
  send(channels.error, Buffer.from(JSON.stringify(statusOf(exit))));
  client.close(1000);
}

const bytesOf = (data: RawData): Buffer =>
  Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);

function listen(message: Buffer, { stdin }: Pipes): void {
  if (message[0] === channels.stdin) stdin.write(message.subarray(1));
  if (message[0] === channels.close && message[1] === channels.stdin) stdin.end();
}

async function pump(
  from: Readable,
  channel: number,
  send: (channel: number, data: Buffer) => void,
): Promise<void> {
  for await (const data of from as AsyncIterable<Buffer>) send(channel, data);
}

async function drain(from: Readable): Promise<void> {
  from.resume();
  await new Promise((resolve) => from.once('close', resolve));
}

function statusOf({ code, startError }: Exit): object {
  const base = { kind: 'Status', apiVersion: 'v1', metadata: {} };
  if (startError !== undefined)
    return { ...base, status: 'Failure', message: startError, reason: 'InternalError', code: 500 };
  if (code === 0) return { ...base, status: 'Success' };
  return {
    ...base,
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${String(code)}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
