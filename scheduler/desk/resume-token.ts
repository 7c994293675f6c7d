/**
 * What a client shows to get its session back: the session's id and a secret of 128 bits that only its record and its
 * client know. The store compares the secret; here it is only put together and taken apart.
 */

export interface ResumeToken {
  readonly sessionId: string;
  readonly secret: string;
}

const form = /^([A-Za-z0-9_.:-]{1,128})\.([0-9a-f]{32})$/;

export const encodeResumeToken = ({ sessionId, secret }: ResumeToken): string => `${sessionId}.${secret}`;

/** Undefined for a text that is no token of ours. */
export function decodeResumeToken(text: string): ResumeToken | undefined {
  const [, sessionId, secret] = form.exec(text) ?? [];
  return sessionId === undefined || secret === undefined ? undefined : { sessionId, secret };
}
