/** The sockets of an instance for systems that only bring the way between instances. */
import { createServer } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AnswerMessage, AskMessage } from './messages.ts';

export interface SocketHandlers {
  onClient?(id: string): Promise<void>;
  onWorker?(id: string): Promise<void>;
  onAsk?(ask: AskMessage): void;
  onAnswer?(answer: AnswerMessage): void;
}

export interface Sockets {
  /** Sends to a client or worker that is connected here; one that is not is a fault of the system under test. */
  send(id: string, message: AskMessage | AnswerMessage): void;
}

export function serveSockets(port: number, handlers: SocketHandlers): Sockets {
  const connected = new Map<string, WebSocket>();
  const http = createServer((_, response) => response.end('ready'));
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket, request) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const id = url.searchParams.get('id') ?? '';
    const isWorker = url.pathname === '/worker';
    connected.set(id, socket);
    socket.on('close', () => connected.delete(id));
    void (isWorker ? handlers.onWorker?.(id) : handlers.onClient?.(id));
    socket.on('message', (frame: Buffer) => {
      const message = JSON.parse(frame.toString()) as AskMessage | AnswerMessage;
      if (isWorker) handlers.onAnswer?.(message);
      else handlers.onAsk?.(message);
    });
  });
  http.listen(port, '127.0.0.1');
  return {
    send(id, message) {
      const socket = connected.get(id);
      if (!socket) throw new Error(`${id} is not connected here`);
      socket.send(JSON.stringify(message));
    },
  };
}
