/**
 * A WebSocket that comes back: the next address is tried a moment after the last one ended, until it is put down. What
 * a session or a node says when it is connected is its own affair.
 */
import { WebSocket } from 'ws';
import type { Clock } from '../../../common/clock.ts';

export interface LineOptions {
  readonly path: string;
  /** `host:port` of the instances, the preferred one first; asked at each try. */
  readonly addresses: () => readonly string[];
  readonly clock: Clock;
  /** How long a connection may take to be made. */
  readonly handshakeMs?: number;
  readonly onOpen: () => void;
  readonly onMessage: (message: Record<string, unknown>) => void;
  /** The connection has ended, or never began. */
  readonly onClose: (code: number) => void;
}

const retryMs = 100;
const shortHandshakeMs = 3000;

export class Line {
  readonly #options: LineOptions;
  #socket: WebSocket | undefined;
  #tries = 0;
  #lastCloseCode = 0;
  #address = '';
  #wanted = true;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#dial();
  }

  /** Where it is connected, or was last. */
  get address(): string {
    return this.#address;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** The code with which the last connection ended. */
  get lastCloseCode(): number {
    return this.#lastCloseCode;
  }

  say(message: object): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  /** Text that no serializer would write. */
  sayText(text: string): void {
    if (this.isOpen) this.#socket?.send(text);
  }

  /** Stops reading, so that what comes piles up at the other end. */
  stopReading(): void {
    this.#socket?.pause();
  }

  /** As when the process at this end dies; it comes back unless `forGood`. */
  drop({ forGood = false } = {}): void {
    if (forGood) this.#wanted = false;
    this.#socket?.terminate();
  }

  /** Ends in good order and stays away. */
  async end(): Promise<void> {
    this.#wanted = false;
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => {
        resolve();
      });
      socket.close(1000);
      this.#options.clock.after(500, () => {
        socket.terminate();
      });
    });
  }

  #dial(): void {
    if (!this.#wanted) return;
    const addresses = this.#options.addresses();
    this.#address = addresses[this.#tries % addresses.length] ?? '';
    this.#tries += 1;
    const socket = new WebSocket(`ws://${this.#address}${this.#options.path}`, {
      handshakeTimeout: this.#options.handshakeMs ?? shortHandshakeMs,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#tries = 0;
      this.#options.onOpen();
    });
    socket.on('message', (data) => {
      this.#read(socket, (data as Buffer).toString());
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.#lastCloseCode = code;
      this.#options.onClose(code);
      this.#options.clock.after(retryMs, () => {
        this.#dial();
      });
    });
  }

  /** What cannot be read means that the connection is not to be trusted. */
  #read(socket: WebSocket, text: string): void {
    // What came behind it in the same packet must not be heard either.
    if (socket.readyState !== WebSocket.OPEN) return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      socket.terminate();
      return;
    }
    this.#options.onMessage(message as Record<string, unknown>);
  }
}
