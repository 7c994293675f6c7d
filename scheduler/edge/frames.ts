/**
 * Text messages as the frames of a server (RFC 6455 section 5.2: whole, without a mask), one after another in one buffer:
 * what a connection has to say in one turn is then one write, of one piece. `ws` writes two pieces for each message.
 */

const wholeText = 0x81;
/** These sizes say that the true one follows, in two bytes or in eight. */
const inTwoBytes = 126;
const inEightBytes = 127;

export function textFrames(texts: readonly string[]): Buffer {
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + headerBytes(size) + size, 0));
  let at = 0;
  texts.forEach((text, place) => {
    at = writeHeader(frames, at, sizes[place] ?? 0);
    at += frames.write(text, at);
  });
  return frames;
}

function headerBytes(size: number): number {
  if (size < inTwoBytes) return 2;
  return size <= 0xffff ? 4 : 10;
}

/** Returns where the message begins. */
function writeHeader(frames: Buffer, at: number, size: number): number {
  frames[at] = wholeText;
  if (size < inTwoBytes) {
    frames[at + 1] = size;
    return at + 2;
  }
  if (size <= 0xffff) {
    frames[at + 1] = inTwoBytes;
    return frames.writeUInt16BE(size, at + 2);
  }
  frames[at + 1] = inEightBytes;
  return frames.writeBigUInt64BE(BigInt(size), at + 2);
}
