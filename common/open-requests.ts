/**
 * Which connections of an HTTP server wait for an answer. When the server closes, Node ends those that are idle between two
 * requests, but waits for one that was made in advance and has asked nothing yet, or half a question, and has stopped its
 * own timers for them: whoever holds such a connection would hold the server.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:tls';
import type { Socket } from 'node:net';

export class OpenRequests {
  /** Requests without their whole answer, by the connection they came on. */
  readonly #unanswered = new Map<Socket, number>();
  #closing = false;

  /** Before the server listens. */
  constructor(server: Server) {
    const unanswered = this.#unanswered;
    // One function for all of them, because there may be tens of thousands.
    function forget(this: Socket): void {
      unanswered.delete(this);
    }
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      unanswered.set(socket, 0);
      socket.on('close', forget);
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#count(socket, 1);
      response.once('close', () => {
        this.#count(socket, -1);
      });
    });
    // With a listener, and only then, Node takes a request to upgrade for one.
    if (server.listenerCount('upgrade') > 0)
      server.on('upgrade', ({ socket }: IncomingMessage) => unanswered.delete(socket));
  }

  /** Ends each connection once nothing is being answered on it. One that was upgraded is its new owner's. */
  end(): void {
    this.#closing = true;
    for (const socket of this.#unanswered.keys()) this.#count(socket, 0);
  }

  #count(socket: Socket, change: number): void {
    const before = this.#unanswered.get(socket);
    if (before === undefined) return;
    this.#unanswered.set(socket, before + change);
    if (this.#closing && before + change === 0) socket.destroySoon();
  }
}
