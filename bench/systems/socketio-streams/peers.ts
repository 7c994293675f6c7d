import { io, type Socket } from 'socket.io-client';
import { answer, question, type Client } from '../system.ts';
import type { ClientToServer, ServerToPeer } from './events.ts';

export async function connectClient(port: number): Promise<Client> {
  const socket = await open(port, {});
  let asked = 0;
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  socket.on('answer', (id, text) => {
    if (id === asked && text === answer) settle?.resolve();
    else settle?.reject(new Error(`expected an answer to ${String(asked)}, got one to ${String(id)}`));
  });
  socket.on('disconnect', (reason) => settle?.reject(new Error(`the client was disconnected: ${reason}`)));
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
      socket.emit('ask', ++asked, question);
    });
  return { ask };
}

export async function connectWorker(port: number, index: number): Promise<void> {
  const socket = await open(port, { room: `worker-${String(index)}` });
  socket.on('ask', (to, id) => {
    socket.emit('answer', to, id, answer);
  });
}

function open(port: number, auth: { room?: string }): Promise<Socket<ServerToPeer, ClientToServer>> {
  const socket: Socket<ServerToPeer, ClientToServer> = io(`http://127.0.0.1:${String(port)}`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth,
  });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('connect_error', reject);
  });
}
