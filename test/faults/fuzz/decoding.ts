/** Hostile messages straight into the decoders: what comes out must always be an answer, and never more than was asked. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeHints } from '../../../scheduler/store/decode-hints.ts';
import { decodeNodeFrame, decodeSessionFrame } from '../../../scheduler/protocol/codec.ts';
import { nodeInbound } from '../../../scheduler/protocol/node-messages.ts';
import { sessionInbound } from '../../../scheduler/protocol/session-messages.ts';
import type { SeededRandom } from '../random.ts';
import { goodMessages, type Message, type Side } from './messages.ts';
import { mutate } from './mutate.ts';

export interface DecodingCounts {
  messages: number;
  accepted: number;
  refused: number;
}

/** The longest explanation a peer is given for a bad frame. */
const longestWhy = 2000;

const decoders = { session: decodeSessionFrame, node: decodeNodeFrame } as const;
const schemas = { session: sessionInbound, node: nodeInbound } as const;

/** @throws AssertionError with the frame at the first one that is not dealt with properly */
export function fuzzDecoding(messages: number, random: SeededRandom): DecodingCounts {
  const counts = { messages: 0, accepted: 0, refused: 0 };
  const pools = { session: drawPool('session', random), node: drawPool('node', random) };
  while (counts.messages < messages) {
    const side: Side = random.next() < 0.5 ? 'session' : 'node';
    const frame = mutate(random.pick(pools[side]), random);
    if (checkFrame(side, frame)) counts.accepted += 1;
    else counts.refused += 1;
    counts.messages += 1;
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined, 'a prototype was changed');
  return counts;
}

/** Mutations draw from some hundred good messages: drawing them costs more than decoding them. */
function drawPool(side: Side, random: SeededRandom): Message[] {
  return fc.sample(goodMessages[side], { numRuns: 400, seed: random.between(0, 0x7fffffff) });
}

/** Whether the decoder took it. */
function checkFrame(side: Side, frame: string): boolean {
  const decoded = decoders[side](frame);
  if (!decoded.ok) {
    assert.ok(decoded.why.length < longestWhy, `an explanation of ${decoded.why.length} characters`);
    return false;
  }
  const { message } = decoded;
  const known: Record<string, { shape: object }> = schemas[side];
  const fields = Object.keys(known[message.type]?.shape ?? {});
  const extra = Object.keys(message).filter((field) => !fields.includes(field));
  assert.deepEqual(extra, [], `fields nobody asked for came through: ${frame.slice(0, 500)}`);
  assert.equal(Object.getPrototypeOf(message), Object.prototype);
  const again = decoders[side](JSON.stringify(message));
  assert.ok(again.ok, `not taken a second time: ${frame.slice(0, 500)}`);
  return true;
}

/** Hostile inbox entries: an operator may write anything into a stream. */
export function fuzzHints(entries: number, random: SeededRandom): void {
  const pool = drawPool('node', random);
  for (let i = 0; i < entries; i++) {
    const text = mutate(random.pick(pool), random);
    const payload = random.next() < 0.5 ? text : `[${text}]`;
    const decoded = decodeHints(random.next() < 0.05 ? undefined : payload);
    if (!decoded.ok) assert.ok(decoded.reason.length < longestWhy);
  }
}
