/**
 * Tells whether two programs have the same credentials, without telling what they are: a digest under the key of the admin
 * token, which only those two know. It begins with a mark of that key, because digests under two keys cannot be compared.
 */
import { createHash, createHmac } from 'node:crypto';

/** What the files hold, in the order user, password, authorities; undefined where there is no file. */
export type CredentialFiles = readonly (Uint8Array | undefined)[];

export function credentialsDigest(adminToken: string, files: CredentialFiles): string {
  const mark = createHash('sha256').update(adminToken).digest('hex').slice(0, 8);
  const parts = files.map((file) => (file === undefined ? null : Buffer.from(file).toString('base64')));
  const digest = createHmac('sha256', adminToken).update(JSON.stringify(parts)).digest('hex').slice(0, 24);
  return `${mark}-${digest}`;
}

/** False also for digests under two keys. */
export const credentialsChanged = (before: string, after: string): boolean =>
  before !== after && before.split('-')[0] === after.split('-')[0];
