/** Bytes that break WebSocket, and the close codes that answer them (RFC 6455 section 7.4.1). */
import { opcodes } from '../ws-frames.ts';
import { clientFrame } from './rude-client.ts';

export interface Abuse {
  readonly name: string;
  readonly bytes: (limits: { maxPayloadBytes: number }) => Buffer;
  /** Any of these codes is right; `open` means that the connection stays, and still answers. */
  readonly then: readonly (number | 'open')[];
}

const heartbeat = '{"type":"client_heartbeat","session_id":"s-none","timestamp":1}';
const text = (payload: string | Buffer, shape = {}) => clientFrame(payload, shape);
const close = (payload: Buffer) => clientFrame(payload, { opcode: opcodes.close });
const times = (count: number, frame: Buffer) => Buffer.concat(Array.from({ length: count }, () => frame));

const protocolError = [1002] as const;

export const abuses: readonly Abuse[] = [
  { name: 'reserved bit 1', bytes: () => text('{}', { reserved: 0x40 }), then: protocolError },
  { name: 'reserved bit 2', bytes: () => text('{}', { reserved: 0x20 }), then: protocolError },
  { name: 'reserved bit 3', bytes: () => text('{}', { reserved: 0x10 }), then: protocolError },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Abuse => ({
    name: `reserved opcode ${opcode}`,
    bytes: () => text('', { opcode }),
    then: protocolError,
  })),
  { name: 'no mask', bytes: () => Buffer.from([0x81, 0x02, 0x7b, 0x7d]), then: protocolError },
  {
    name: 'a ping in fragments',
    bytes: () => text('x', { opcode: opcodes.ping, final: false }),
    then: protocolError,
  },
  {
    name: 'a ping of 126 bytes',
    bytes: () => text('x'.repeat(126), { opcode: opcodes.ping }),
    then: protocolError,
  },
  { name: 'a close frame of one byte', bytes: () => close(Buffer.of(3)), then: protocolError },
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code): Abuse => ({
    name: `close code ${code}`,
    bytes: () => close(Buffer.of(code >> 8, code & 0xff)),
    then: protocolError,
  })),
  {
    name: 'a close reason that is not UTF-8',
    bytes: () => close(Buffer.of(3, 232, 0xff, 0xfe)),
    then: [1007],
  },
  { name: 'a good close', bytes: () => close(Buffer.of(3, 232)), then: [1000] },
  {
    name: 'a continuation of nothing',
    bytes: () => text('x', { opcode: opcodes.continuation }),
    then: protocolError,
  },
  {
    name: 'a new message inside another',
    bytes: () => Buffer.concat([text('{', { final: false }), text('{}')]),
    then: protocolError,
  },
  { name: 'text that is not UTF-8', bytes: () => text(Buffer.of(0x7b, 0xff, 0xfe, 0x7d)), then: [1007] },
  { name: 'a surrogate in UTF-8', bytes: () => text(Buffer.of(0xed, 0xa0, 0x80)), then: [1007] },
  {
    name: 'UTF-8 cut off at the end of a message',
    bytes: () =>
      Buffer.concat([
        text('{', { final: false }),
        text(Buffer.of(0xe2, 0x82), { opcode: opcodes.continuation }),
      ]),
    then: [1007],
  },
  {
    name: 'one byte too large',
    bytes: ({ maxPayloadBytes }) => text('', { claimedBytes: maxPayloadBytes + 1 }),
    then: [1009],
  },
  { name: 'a length of 2^53', bytes: () => text('', { claimedBytes: 2 ** 53 }), then: [1009] },
  {
    name: 'too large in the sum of its fragments',
    bytes: ({ maxPayloadBytes }) => {
      const half = Buffer.alloc(Math.ceil(maxPayloadBytes / 2) + 1, 0x20);
      return Buffer.concat([text(half, { final: false }), text(half, { opcode: opcodes.continuation })]);
    },
    then: [1009],
  },
  {
    name: '100,000 empty fragments',
    bytes: () =>
      Buffer.concat([
        text('', { final: false }),
        times(100_000, text('', { opcode: opcodes.continuation, final: false })),
      ]),
    then: [1008],
  },
  {
    name: '2,000 pings',
    bytes: () => times(2000, text('', { opcode: opcodes.ping })), // More than a few dozen at once and the library cuts the connection.
    then: ['open', 1006, 1008],
  },
  {
    name: '2,000 unasked pongs',
    bytes: () => times(2000, text('', { opcode: opcodes.pong })),
    then: ['open'],
  },
  {
    name: 'a binary message',
    bytes: () => text(Buffer.of(0, 1, 2, 255), { opcode: opcodes.binary }),
    then: ['open'],
  },
  { name: 'an empty message', bytes: () => text(''), then: ['open'] },
  {
    name: 'a message in many fragments with pings among them',
    bytes: () =>
      Buffer.concat(
        Array.from(heartbeat, (char, i) => {
          const shape = {
            opcode: i === 0 ? opcodes.text : opcodes.continuation,
            final: i === heartbeat.length - 1,
          };
          const ping = i % 2 === 0 ? text('', { opcode: opcodes.ping }) : Buffer.alloc(0);
          return Buffer.concat([text(char, shape), ping]);
        }),
      ),
    then: ['open'],
  },
  {
    name: '5,000 messages that are not JSON',
    bytes: () => times(5000, text('{')),
    then: ['open', 1008, 1013],
  },
];

/** Requests that are not an upgrade, or a bad one, and the HTTP status that answers them; 0: cut off is fine too. */
export const badRequests: readonly {
  readonly name: string;
  readonly bytes: string;
  readonly then: readonly number[];
}[] = [
  { name: 'garbage', bytes: '\u0016\u0003\u0001 hello\r\n\r\n', then: [400, 0] },
  { name: 'an unknown path', bytes: upgradeOf('/ws/other'), then: [404] },
  { name: 'a path outside of the root', bytes: upgradeOf('/ws/session/../../etc/passwd'), then: [404] },
  { name: 'a path that is no URL', bytes: upgradeOf('//'), then: [400, 404] },
  { name: 'no key', bytes: upgradeOf('/ws/session', { 'Sec-WebSocket-Key': '' }), then: [400] },
  { name: 'a bad key', bytes: upgradeOf('/ws/session', { 'Sec-WebSocket-Key': 'short' }), then: [400] },
  {
    name: 'version 12',
    bytes: upgradeOf('/ws/session', { 'Sec-WebSocket-Version': '12' }),
    then: [400, 426],
  },
  { name: 'a POST', bytes: upgradeOf('/ws/session').replace('GET', 'POST'), then: [400, 405] },
  {
    name: 'upgrade to something else',
    bytes: upgradeOf('/ws/session', { Upgrade: 'h2c' }),
    then: [400, 404, 426],
  },
  {
    name: 'a sub-protocol of 10,000 commas',
    bytes: upgradeOf('/ws/session', { 'Sec-WebSocket-Protocol': ','.repeat(10_000) }),
    then: [400, 431],
  },
  {
    name: '2,000 headers',
    bytes: upgradeOf(
      '/ws/session',
      Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`X-${i}`, '1'])),
    ),
    then: [431, 101, 400],
  },
  {
    name: 'a header of 100 KB',
    bytes: upgradeOf('/ws/session', { 'X-Long': 'x'.repeat(100_000) }),
    then: [431],
  },
];

function upgradeOf(path: string, headers: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    Host: 'x',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
