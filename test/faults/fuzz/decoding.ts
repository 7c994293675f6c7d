/** Hostile messages straight into the decoders: what comes out must always be an answer, and never more than was asked. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeAttributes } from '../../../scheduler/desk/attributes.ts';
import { decodeResumeToken, encodeResumeToken } from '../../../scheduler/desk/resume-token.ts';
import { decodeNodeFrame, decodeSessionFrame } from '../../../scheduler/protocol/codec.ts';
import { nodeInbound } from '../../../scheduler/protocol/node-messages.ts';
import { sessionInbound } from '../../../scheduler/protocol/session-messages.ts';
import { decodeHints } from '../../../scheduler/store/decode-hints.ts';
import { Hint } from '../../../scheduler/store/hints.ts';
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

const checks: Record<Side, (text: string, random: SeededRandom) => boolean> = {
  session: (frame, random) => {
    checkAttributes(frame);
    checkToken(frame, random);
    return checkFrame('session', frame);
  },
  node: (frame) => checkFrame('node', frame),
  hint: checkHints,
};

/** @throws AssertionError with the frame at the first one that is not dealt with properly */
export function fuzzDecoding(messages: number, random: SeededRandom): DecodingCounts {
  const counts = { messages: 0, accepted: 0, refused: 0 };
  const pools = {
    session: drawPool('session', random),
    node: drawPool('node', random),
    hint: drawPool('hint', random),
  };
  while (counts.messages < messages) {
    const side: Side = random.pick(['session', 'node', 'session', 'node', 'hint'] as const);
    const text = mutate(random.pick(pools[side]), random);
    if (checks[side](text, random)) counts.accepted += 1;
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
function checkFrame(side: 'session' | 'node', frame: string): boolean {
  const decoded = decoders[side](frame);
  if (!decoded.ok) {
    assert.ok(decoded.why.length < longestWhy, `an explanation of ${decoded.why.length} characters`);
    return false;
  }
  const { message } = decoded;
  const known: Record<string, { shape: object }> = schemas[side];
  checkFields(message, known[message.type]?.shape ?? {}, frame);
  const again = decoders[side](JSON.stringify(message));
  assert.ok(again.ok, `not taken a second time: ${frame.slice(0, 500)}`);
  return true;
}

function checkFields(value: object, shape: object, text: string): void {
  const extra = Object.keys(value).filter((field) => !Object.hasOwn(shape, field));
  assert.deepEqual(extra, [], `fields nobody asked for came through: ${text.slice(0, 500)}`);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
}

/** Inbox entries: an operator may write anything into a stream, and another version what we do not know. */
function checkHints(text: string, random: SeededRandom): boolean {
  const payload = random.next() < 0.5 ? text : `[${text}]`;
  const decoded = decodeHints(random.next() < 0.01 ? undefined : payload);
  if (!decoded.ok) {
    assert.ok(decoded.reason.length < longestWhy);
    return false;
  }
  for (const hint of decoded.hints) {
    const option = Hint.options.find(({ shape }) => shape.type.value === hint.type);
    checkFields(hint, option?.shape ?? {}, text);
  }
  return decoded.hints.length > 0;
}

/** A session's record may hold what another version wrote. */
function checkAttributes(text: string): void {
  const attributes = decodeAttributes(text);
  if (attributes) assert.ok(Number.isSafeInteger(attributes.seqBase), text.slice(0, 500));
}

/** A token is an id for a key of Redis and a secret, or it is none. */
function checkToken(text: string, random: SeededRandom): void {
  const start = random.between(0, Math.max(0, text.length - 1));
  for (const shown of [text, text.slice(start, start + 64)]) {
    const token = decodeResumeToken(shown);
    if (token) assert.equal(encodeResumeToken(token), shown);
  }
}
