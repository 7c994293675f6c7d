/** Hashes of content. Not a decision, but decisions are named after it. */
import { createHash } from 'node:crypto';

/** SHA-256 of the text's UTF-8 bytes, in lower-case hexadecimal. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The first eight hexadecimal digits: enough to tell the configurations of one cluster apart, short enough for a name. */
export const hash8 = (text: string): string => sha256(text).slice(0, 8);

/** SHA-256 of what a value says: the order of keys in an object says nothing. */
export const contentHash = (value: unknown): string => sha256(JSON.stringify(sortedKeys(value)));

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortedKeys(inner)]));
}
