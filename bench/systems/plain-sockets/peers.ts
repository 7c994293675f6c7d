/** Client and worker over bare WebSockets with one small JSON message each way. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { answer, question, type Client } from '../system.ts';
import type { AnswerMessage, AskMessage } from './messages.ts';

export async function connectClient(port: number, index: number): Promise<Client> {
  const socket = await open(`ws://127.0.0.1:${String(port)}/client?id=client-${String(index)}`);
  let asked = 0;
  let settle: { id: string; resolve: () => void; reject: (error: Error) => void } | undefined;
  socket.on('message', (frame: Buffer) => {
    const message = JSON.parse(frame.toString()) as AnswerMessage;
    if (message.id === settle?.id && message.text === answer) settle.resolve();
    else settle?.reject(new Error(`expected an answer to ${settle.id}, got ${frame.toString()}`));
  });
  socket.on('close', () => settle?.reject(new Error('the instance closed the client socket')));
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const id = `client-${String(index)}/${String(asked++)}`;
      settle = { id, resolve, reject };
      socket.send(JSON.stringify({ id, text: question } satisfies AskMessage));
    });
  return { ask };
}

export async function connectWorker(port: number, index: number): Promise<void> {
  const socket = await open(`ws://127.0.0.1:${String(port)}/worker?id=worker-${String(index)}`);
  socket.on('message', (frame: Buffer) => {
    const { id } = JSON.parse(frame.toString()) as AskMessage;
    socket.send(JSON.stringify({ id, text: answer } satisfies AnswerMessage));
  });
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}
