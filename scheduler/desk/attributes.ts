/** What a session's record tells the instance that takes it over, perhaps one of another version. */
import { SessionInit } from '../protocol/session-messages.ts';

export interface Attributes {
  /** As the session's first connection said it, without what concerned only that connection. */
  readonly init: SessionInit;
  /** Added to sequence numbers of the outbox; more than 0 when the store lost an outbox that had counted so far. */
  readonly seqBase: number;
}

export function encodeAttributes({ init, seqBase }: Attributes): string {
  const ofThisConnection = { resume_token: undefined, last_seq: undefined, pairing_code: undefined };
  const base = seqBase === 0 ? {} : { seq_base: seqBase };
  return JSON.stringify({ ...init, ...ofThisConnection, ...base });
}

/** Undefined when the text is not what we would write. */
export function decodeAttributes(text: string): Attributes | undefined {
  try {
    const value = JSON.parse(text) as { seq_base?: unknown };
    const init = SessionInit.parse(value);
    return { init, seqBase: Number.isSafeInteger(value.seq_base) ? Number(value.seq_base) : 0 };
  } catch {
    return undefined;
  }
}
