/** Hashes of content. Not a decision, but decisions are named after it. */
import { createHash } from 'node:crypto';

/** SHA-256 of the text's UTF-8 bytes, in lower-case hexadecimal. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The first eight hexadecimal digits: enough to tell the configurations of one cluster apart, short enough for a name. */
export const hash8 = (text: string): string => sha256(text).slice(0, 8);
