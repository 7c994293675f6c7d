/** A client that writes bytes instead of messages, and notes how the other side takes it. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../../common/clock.ts';
import { comesTrue } from '../wait.ts';
import { encodeFrame, FrameReader, opcodes, type Frame, type FrameShape } from '../ws-frames.ts';

const clientMask = Buffer.from([0x12, 0x34, 0x56, 0x78]);

export const clientFrame = (payload: string | Buffer, shape: FrameShape = {}): Buffer =>
  encodeFrame(Buffer.from(payload as string), { mask: clientMask, ...shape });

export class RudeClient {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #reader = new FrameReader();
  #head = '';
  #ended = false;

  constructor(port: number, clock: Clock) {
    this.#clock = clock;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#ended = true;
    });
    this.#socket.on('data', (chunk: Buffer) => {
      this.#hear(chunk);
    });
  }

  /** The status of the HTTP answer; 0 while there is none. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.#head)?.[1] ?? 0);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The code of the close frame it was sent; 1006 when it was cut off without one, undefined while it is open. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === opcodes.close);
    if (close) return close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005;
    return this.#ended ? 1006 : undefined;
  }

  get texts(): string[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.text)
      .map(({ payload }) => payload.toString());
  }

  /** A proper handshake; false when it was refused. */
  async upgrade(path: string): Promise<boolean> {
    const key = randomBytes(16).toString('base64');
    this.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    await this.until(() => this.status !== 0 || this.ended);
    return this.status === 101;
  }

  write(bytes: string | Buffer): void {
    if (!this.#ended) this.#socket.write(bytes);
  }

  /** False when it does not come true within some seconds. */
  until(condition: () => boolean, withinMs = 5000): Promise<boolean> {
    return comesTrue(condition, { clock: this.#clock, withinMs, everyMs: 5 });
  }

  end(): void {
    this.#socket.destroy();
  }

  #hear(chunk: Buffer): void {
    if (this.#head.includes('\r\n\r\n')) {
      this.frames.push(...this.#reader.push(chunk));
      return;
    }
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const rest = Buffer.from(this.#head.slice(end + 4), 'latin1');
    this.#head = this.#head.slice(0, end + 4);
    if (this.status === 101 && rest.length > 0) this.frames.push(...this.#reader.push(rest));
  }
}
