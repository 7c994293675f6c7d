/** The bearer token of the admin API, from a file that may change while we run: a rotated Secret needs no restart. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

export type TokenVerdict = 'allowed' | 'wrong' | 'not_configured';

export interface AdminToken {
  /** @param authorization the request's header */
  check(authorization: string | undefined): Promise<TokenVerdict>;
}

/** @param path the file, or undefined: then nothing is allowed */
export function adminTokenFrom(path: string | undefined): AdminToken {
  let readAt = '';
  let token: string | undefined;

  /** Reads the file again when it is another one, or was written since. */
  async function current(file: string): Promise<string | undefined> {
    const { ino, mtimeMs, size } = await stat(file);
    const version = `${String(ino)}/${String(mtimeMs)}/${String(size)}`;
    if (version !== readAt) {
      token = (await readFile(file, 'utf8')).trim() || undefined;
      readAt = version;
    }
    return token;
  }

  return {
    async check(authorization) {
      const expected = path === undefined ? undefined : await current(path).catch(() => undefined);
      if (expected === undefined) return 'not_configured';
      const given = tokenIn(authorization);
      return given !== undefined && equal(given, expected) ? 'allowed' : 'wrong';
    },
  };
}

export const tokenIn = (authorization: string | undefined): string | undefined =>
  /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];

/** In constant time; the hashes make both sides equally long. */
const equal = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));

const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest();
