/** The protobuf wire format, read and written: numbered fields that hold a varint or bytes. */
import { badRequest } from '../status.ts';

export interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

const fixedBytes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Throws 400 when the bytes end in the middle of a field. */
export function readFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    const number = Number(tag.value >> 3n);
    const { value, end } = readValue(bytes, tag.end, Number(tag.value & 7n));
    fields.push({ number, value });
    at = end;
  }
  return fields;
}

interface Read<T> {
  readonly value: T;
  readonly end: number;
}

function readValue(bytes: Buffer, at: number, wireType: number): Read<bigint | Buffer> {
  if (wireType === 0) return readVarint(bytes, at);
  const length =
    wireType === 2 ? readVarint(bytes, at) : { value: BigInt(fixedBytes[wireType] ?? -1), end: at };
  const end = length.end + Number(length.value);
  if (length.value < 0n || end > bytes.length)
    throw badRequest('the body of the request is no valid protobuf');
  return { value: bytes.subarray(length.end, end), end };
}

function readVarint(bytes: Buffer, start: number): Read<bigint> {
  let value = 0n;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes.readUInt8(at);
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw badRequest('the body of the request is no valid protobuf');
}

export const text = (bytes: Buffer): string => bytes.toString('utf8');

/** The number in a varint field; 0 when it is absent. */
export function varint(fields: readonly Field[], number: number): number {
  const value = fields.find((field) => field.number === number)?.value;
  return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;
}

/** A field that holds bytes: a text, or another message. */
export function bytesField(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([writeVarint((number << 3) | 2), writeVarint(bytes.length), bytes]);
}

export const booleanField = (number: number, value: boolean): Buffer =>
  Buffer.concat([writeVarint(number << 3), writeVarint(value ? 1 : 0)]);

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
