/** Text frames to checked messages and back. Decoding never throws: a bad frame is an answer. */
import type { z } from 'zod';
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

export const decodeSessionFrame = (frame: string): Decoded<SessionInbound> =>
  decode<SessionInbound>(frame, sessionInbound, sessionUnsupported);

export const decodeNodeFrame = (frame: string): Decoded<NodeInbound> =>
  decode<NodeInbound>(frame, nodeInbound, nothing);

export const encode = (message: SessionOutbound | NodeOutbound): string => JSON.stringify(message);

const nothing: ReadonlySet<string> = new Set();

function decode<Message>(
  frame: string,
  schemas: Readonly<Record<string, z.ZodType>>,
  unsupported: ReadonlySet<string>,
): Decoded<Message> {
  const value = parseObject(frame);
  if (!value) return invalid('the frame is not one JSON object');
  const { type } = value;
  if (typeof type !== 'string') return invalid('type: must be a text');
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
  const path = issue?.path.map(String).join('.') ?? '';
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

const quote = (type: string): string => JSON.stringify(type.length > 40 ? `${type.slice(0, 40)}…` : type);
