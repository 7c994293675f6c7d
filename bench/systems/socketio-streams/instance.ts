/** Socket.IO as its documentation shows it: a room for each peer, and the adapter carries emits between instances. */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { instanceArguments } from '../instance-arguments.ts';
import type { ClientToServer, ServerToPeer } from './events.ts';

const { port, redisUrl, workers } = instanceArguments(process.argv.slice(2));
const http = createServer((_, response) => response.end('ready'));
const io = new Server<ClientToServer, ServerToPeer>(http, {
  transports: ['websocket'],
  serveClient: false,
  // Plain JSON both ways, so the adapter may skip its search for binary values.
  adapter: createAdapter(new Redis(redisUrl), { onlyPlaintext: true }),
});

let turn = 0;
io.on('connection', (socket) => {
  const { room } = socket.handshake.auth as { room?: string };
  if (room !== undefined) void socket.join(room);
  socket.on('ask', (id, text) => {
    io.to(`worker-${String(turn++ % workers)}`).emit('ask', socket.id, id, text);
  });
  socket.on('answer', (to, id, text) => {
    io.to(to).emit('answer', id, text);
  });
});
http.listen(port, '127.0.0.1');
