/** WebSocket frames on the wire (RFC 6455 section 5.2), as far as a proxy and a rude client need them. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  /** Without the mask. */
  readonly payload: Buffer;
  /** As it stands on the wire. */
  readonly bytes: Buffer;
}

/** Cuts a byte stream into whole frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = readFrame(bytes); frame; frame = readFrame(bytes)) {
      frames.push(frame);
      bytes = bytes.subarray(frame.bytes.length);
    }
    this.#rest = bytes;
    return frames;
  }
}

function readFrame(bytes: Buffer): Frame | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const masked = (second & 0x80) !== 0;
  const size = payloadSize(bytes);
  if (!size) return undefined;
  const start = size.behind + (masked ? 4 : 0);
  if (bytes.length < start + size.bytes) return undefined;
  const body = bytes.subarray(start, start + size.bytes);
  return {
    final: (first & 0x80) !== 0,
    opcode: first & 0x0f,
    payload: masked ? withMask(body, bytes.subarray(size.behind, start)) : body,
    bytes: bytes.subarray(0, start + size.bytes),
  };
}

function payloadSize(bytes: Buffer): { bytes: number; behind: number } | undefined {
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short < 126) return { bytes: short, behind: 2 };
  const wide = short === 126 ? 2 : 8;
  if (bytes.length < 2 + wide) return undefined;
  const size = wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return { bytes: size, behind: 2 + wide };
}

function withMask(body: Buffer, mask: Buffer): Buffer {
  const out = Buffer.allocUnsafe(body.length);
  for (let i = 0; i < body.length; i++) out[i] = (body[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return out;
}

export interface FrameShape {
  readonly opcode?: number;
  readonly final?: boolean;
  /** The three reserved bits, as 0x40, 0x20 and 0x10. */
  readonly reserved?: number;
  /** Four bytes for a frame of a client; absent as a server sends it. */
  readonly mask?: Buffer;
  /** What the header claims, when that is not the truth. */
  readonly claimedBytes?: number;
}

export function encodeFrame(payload: Buffer, shape: FrameShape = {}): Buffer {
  const { opcode = opcodes.text, final = true, reserved = 0, mask, claimedBytes = payload.length } = shape;
  const first = (final ? 0x80 : 0) | reserved | opcode;
  const header = Buffer.concat([Buffer.of(first), encodeSize(claimedBytes, mask !== undefined)]);
  return mask ? Buffer.concat([header, mask, withMask(payload, mask)]) : Buffer.concat([header, payload]);
}

function encodeSize(size: number, masked: boolean): Buffer {
  const bit = masked ? 0x80 : 0;
  if (size < 126) return Buffer.of(bit | size);
  if (size < 65_536) return Buffer.of(bit | 126, size >> 8, size & 0xff);
  const long = Buffer.alloc(9, bit | 127);
  long.writeBigUInt64BE(BigInt(size), 1);
  return long;
}
