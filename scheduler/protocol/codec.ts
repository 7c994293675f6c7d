/** Text frames to checked messages and back. Decoding never throws: a bad frame is an answer. */
import type { z } from 'zod';
import { isBounded } from './codec-bounds.ts';
import { hotNode, hotSession } from './codec-hot.ts';
import { errorCodes } from './error-codes.ts';
import { nodeInbound, type NodeInbound, type NodeOutbound } from './node-messages.ts';
import {
  sessionInbound,
  sessionUnsupported,
  type SessionInbound,
  type SessionOutbound,
} from './session-messages.ts';

export type Decoded<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly code: 'INVALID_MESSAGE' | 'UNSUPPORTED_FEATURE'; readonly why: string };

/** How the messages of one side are read. */
interface Side<Message> {
  readonly schemas: Readonly<Record<string, z.ZodType>>;
  /** The quick way for the frequent ones. */
  readonly hot: Readonly<Record<string, (fields: Record<string, unknown>) => Message | undefined>>;
  readonly unsupported: ReadonlySet<string>;
}

const session: Side<SessionInbound> = {
  schemas: sessionInbound,
  hot: hotSession,
  unsupported: sessionUnsupported,
};
const node: Side<NodeInbound> = { schemas: nodeInbound, hot: hotNode, unsupported: new Set() };

export const decodeSessionFrame = (frame: string): Decoded<SessionInbound> => decode(frame, session);

export const decodeNodeFrame = (frame: string): Decoded<NodeInbound> => decode(frame, node);

export const encode = (message: SessionOutbound | NodeOutbound): string => JSON.stringify(message);

function decode<Message>(frame: string, { schemas, hot, unsupported }: Side<Message>): Decoded<Message> {
  if (!isBounded(frame)) return invalid('the frame has too many parts');
  const value = parseObject(frame);
  if (!value) return invalid('the frame is not one JSON object');
  const { type } = value;
  if (typeof type !== 'string') return invalid('type: must be a text');
  const message = Object.hasOwn(hot, type) ? hot[type]?.(value) : undefined;
  if (message) return { ok: true, message };
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (schema) return check<Message>(schema, value);
  const known = unsupported.has(type);
  const why = `${known ? 'this scheduler does not serve' : 'there is no'} message type ${quote(type)}`;
  return { ok: false, code: known ? errorCodes.unsupported : errorCodes.invalidMessage, why };
}

function check<Message>(schema: z.ZodType, value: unknown): Decoded<Message> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, message: result.data as Message };
  const [issue] = result.error.issues;
  const path = shortened(issue?.path.map(String).join('.') ?? '', 200);
  return invalid(`${path}: ${issue?.message ?? 'cannot be read'}`);
}

function parseObject(frame: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(frame);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const invalid = (why: string) => ({ ok: false, code: errorCodes.invalidMessage, why }) as const;

const quote = (type: string): string => JSON.stringify(shortened(type, 40));

/** What is told of a frame is logged, and must not be as long as a frame. */
const shortened = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;
