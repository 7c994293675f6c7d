/**
 * One direction of a proxied connection: bytes come out in the order they were put in, after whatever the toxics do to
 * them. A lane that holds much stops reading from its source, so that a slow reader is felt at the other end.
 */
import type { Socket } from 'node:net';
import type { Clock, Random } from '../../common/clock.ts';

/** May be changed while connections are open; the change is felt by the next bytes. */
export interface Toxics {
  latencyMs: number;
  /** Up to this much more, drawn for each piece; order is kept. */
  jitterMs: number;
  /** 0: as fast as it goes. */
  bytesPerSecond: number;
  /** Swallows everything, so that the connection looks alive and is not. */
  blackhole: boolean;
  /** Each byte is written by itself. */
  slice: boolean;
}

export const noToxics = (): Toxics => ({
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: 0,
  blackhole: false,
  slice: false,
});

const mostHeldBytes = 1024 * 1024;
/** With a bandwidth, how often a share of it is written. */
const pacesPerSecond = 20;

interface Piece {
  readonly bytes: Buffer;
  readonly dueAt: number;
}

interface LaneParts {
  readonly source: Socket;
  readonly sink: Socket;
  readonly toxics: Toxics;
  readonly clock: Clock;
  readonly random: Random;
}

export class Lane {
  readonly #parts: LaneParts;
  readonly #held: Piece[] = [];
  #heldBytes = 0;
  #silent = false;
  #moving = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    parts.sink.on('drain', () => {
      this.#relieve();
    });
  }

  /** From now on nothing comes out any more. */
  silence(): void {
    this.#silent = true;
  }

  write(bytes: Buffer): void {
    const { toxics, clock, random } = this.#parts;
    if (this.#silent || toxics.blackhole) return;
    const delayMs = toxics.latencyMs + (toxics.jitterMs > 0 ? toxics.jitterMs * random.next() : 0);
    if (delayMs === 0 && toxics.bytesPerSecond === 0 && this.#held.length === 0) {
      this.#emit(bytes);
      return;
    }
    this.#held.push({ bytes, dueAt: clock.monotonic() + delayMs });
    this.#heldBytes += bytes.length;
    this.#relieve();
    if (!this.#moving) this.#move();
  }

  #move(): void {
    const { clock, toxics } = this.#parts;
    const [piece] = this.#held;
    this.#moving = piece !== undefined;
    if (!piece) return;
    const waitMs = piece.dueAt - clock.monotonic();
    if (waitMs > 0) {
      clock.after(waitMs, () => {
        this.#move();
      });
      return;
    }
    this.#emitShare(piece);
    const paceMs = toxics.bytesPerSecond > 0 ? 1000 / pacesPerSecond : 0;
    if (paceMs === 0) this.#move();
    else
      clock.after(paceMs, () => {
        this.#move();
      });
  }

  #emitShare(piece: Piece): void {
    const { bytesPerSecond } = this.#parts.toxics;
    const share =
      bytesPerSecond > 0 ? Math.max(1, Math.floor(bytesPerSecond / pacesPerSecond)) : piece.bytes.length;
    const now = piece.bytes.subarray(0, share);
    const rest = piece.bytes.subarray(share);
    if (rest.length > 0) this.#held[0] = { ...piece, bytes: rest };
    else this.#held.shift();
    this.#heldBytes -= now.length;
    this.#emit(now);
    this.#relieve();
  }

  #emit(bytes: Buffer): void {
    const { sink, toxics } = this.#parts;
    if (this.#silent || sink.destroyed) return;
    if (toxics.slice) for (const byte of bytes) sink.write(Buffer.of(byte));
    else sink.write(bytes);
    this.#relieve();
  }

  #relieve(): void {
    const { source, sink } = this.#parts;
    const full = this.#heldBytes + sink.writableLength > mostHeldBytes;
    if (full && !source.isPaused()) source.pause();
    else if (!full && source.isPaused()) source.resume();
  }
}
