/** The Redis protocol, versions 2 and 3, as far as a proxy must read it: where a frame ends, and what it says. */

const cr = 13;
const marks = {
  simple: new Set(['+', '-', ':', '_', '#', ',', '(']),
  bulk: new Set(['$', '!', '=']),
  list: new Set(['*', '~', '>']),
  pairs: new Set(['%', '|']),
};

/** Cuts a byte stream into whole frames. */
export class RespReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    let start = 0;
    while (start < bytes.length) {
      const end = frameEnd(bytes, start);
      if (end < 0) break;
      frames.push(bytes.subarray(start, end));
      start = end;
    }
    this.#rest = bytes.subarray(start);
    return frames;
  }
}

/** The offset behind the frame that begins at `start`, or -1 when it is not whole yet. */
function frameEnd(bytes: Buffer, start: number): number {
  let at = start;
  for (let open = 1; open > 0; open--) {
    const line = lineEnd(bytes, at);
    if (line < 0) return -1;
    const mark = String.fromCharCode(bytes[at] ?? 0);
    const size = Number(bytes.toString('latin1', at + 1, line));
    at = line + 2;
    if (marks.bulk.has(mark) && size >= 0) at += size + 2;
    else if (marks.list.has(mark) && size > 0) open += size;
    else if (mark === '%') open += 2 * size;
    // An attribute stands before the value it speaks of, so it does not count as one.
    else if (mark === '|') open += 2 * size + 1;
    if (at > bytes.length) return -1;
  }
  return at;
}

function lineEnd(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(cr, from);
  return at >= 0 && at + 1 < bytes.length ? at : -1;
}

/** The words of a request: an array of bulk strings, or an inline command. */
export function requestWords(frame: Buffer): Buffer[] {
  if (frame[0] !== 0x2a) {
    return frame
      .toString('latin1')
      .trim()
      .split(/\s+/)
      .map((word) => Buffer.from(word, 'latin1'));
  }
  const words: Buffer[] = [];
  let at = lineEnd(frame, 0) + 2;
  while (at < frame.length) {
    const line = lineEnd(frame, at);
    const size = Number(frame.toString('latin1', at + 1, line));
    words.push(frame.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return words;
}

export type RespValue = string | number | null | RespError | RespValue[];
export interface RespError {
  readonly error: string;
}

/** A reply as a value; maps and sets become flat lists, as in version 2. */
export function replyValue(frame: Buffer): RespValue {
  const cursor = { at: 0 };
  return readValue(frame, cursor);
}

function readValue(frame: Buffer, cursor: { at: number }): RespValue {
  const mark = String.fromCharCode(frame[cursor.at] ?? 0);
  const line = lineEnd(frame, cursor.at);
  const text = frame.toString('utf8', cursor.at + 1, line);
  cursor.at = line + 2;
  if (mark === '-') return { error: text };
  if (mark === ':') return Number(text);
  if (mark === '_') return null;
  if (marks.bulk.has(mark)) return readBulk(frame, cursor, Number(text), mark === '!');
  if (marks.list.has(mark)) return readList(frame, cursor, Number(text));
  if (marks.pairs.has(mark)) return readList(frame, cursor, 2 * Number(text));
  return text;
}

function readBulk(frame: Buffer, cursor: { at: number }, size: number, isError: boolean): RespValue {
  if (size < 0) return null;
  const text = frame.toString('utf8', cursor.at, cursor.at + size);
  cursor.at += size + 2;
  return isError ? { error: text } : text;
}

function readList(frame: Buffer, cursor: { at: number }, size: number): RespValue {
  if (size < 0) return null;
  return Array.from({ length: size }, () => readValue(frame, cursor));
}

/** A value as a version 2 reply. */
export function encodeReply(value: RespValue): Buffer {
  if (value === null) return Buffer.from('$-1\r\n');
  if (typeof value === 'number') return Buffer.from(`:${value}\r\n`);
  if (typeof value === 'string') return Buffer.from(`$${Buffer.byteLength(value)}\r\n${value}\r\n`);
  if (Array.isArray(value))
    return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encodeReply)]);
  return encodeError(value.error);
}

export const encodeError = (text: string): Buffer => Buffer.from(`-${text}\r\n`);

/** Something Redis says by itself (a subscription, an invalidation), in answer to no command. */
export const isPush = (frame: Buffer): boolean => frame[0] === 0x3e;

export const errorText = (frame: Buffer): string | undefined =>
  frame[0] === 0x2d ? frame.toString('utf8', 1, lineEnd(frame, 0)) : undefined;

/** Nothing found, nothing read: nil, or an empty list. */
export const isEmptyReply = (frame: Buffer): boolean =>
  ['*-1\r\n', '$-1\r\n', '_\r\n', '*0\r\n'].includes(frame.toString('latin1', 0, 5)) ||
  frame.toString('latin1', 0, 3) === '_\r\n';
