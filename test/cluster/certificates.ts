/** A certificate authority for one cluster, made when it starts and thrown away with it. Needs the `openssl` program, version 3. */
import { execFile } from 'node:child_process';
import { generateKeyPair } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface KeyFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  /** File of the CA's certificate. */
  readonly certificate: string;
  /** A certificate for a server that is reached at these addresses; `name` is its own and that of its files. */
  forServer(name: string, addresses: readonly string[]): Promise<KeyFiles>;
  /** A certificate by which the API server knows a user and its group. */
  forClient(user: { name: string; group: string }): Promise<KeyFiles>;
}

const keyKind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];

/**
 * @param directory must exist and be private
 * @param subject two authorities that are trusted at a time are told apart by it
 */
export async function createAuthority(directory: string, subject = 'pocket-cluster'): Promise<Authority> {
  const files = (name: string): KeyFiles => ({
    certificate: join(directory, `${name}.crt`),
    key: join(directory, `${name}.key`),
  });
  const authority = files('ca');
  await make(authority, `/CN=${subject}`, [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign,digitalSignature',
  ]);
  const sign = async (name: string, subject: string, extensions: readonly string[]) => {
    const made = files(name);
    await make(made, subject, ['basicConstraints=critical,CA:FALSE', ...extensions], authority);
    return made;
  };
  return {
    certificate: authority.certificate,
    forServer: (name, addresses) =>
      sign(name, `/CN=${name}`, [
        'extendedKeyUsage=serverAuth',
        `subjectAltName=${addresses.map(alternativeName).join(',')}`,
      ]),
    forClient: ({ name, group }) => sign(name, `/O=${group}/CN=${name}`, ['extendedKeyUsage=clientAuth']),
  };
}

/** Without an issuer the certificate signs itself. */
async function make(
  { certificate, key }: KeyFiles,
  subject: string,
  extensions: readonly string[],
  issuer?: KeyFiles,
): Promise<void> {
  await run('openssl', [
    ...['req', '-x509', ...keyKind, '-subj', subject, '-keyout', key, '-out', certificate],
    ...(issuer ? ['-CA', issuer.certificate, '-CAkey', issuer.key] : []),
    // Only what is asked for: the system's own configuration would add a second basicConstraints.
    ...['-config', '/dev/null'],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
}

const alternativeName = (name: string): string => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`);

/** The key pair that signs ServiceAccount tokens. */
export async function createTokenKeys(directory: string): Promise<{ publicKey: string; privateKey: string }> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const files = { publicKey: join(directory, 'tokens.pub'), privateKey: join(directory, 'tokens.key') };
  await writeFile(files.publicKey, pair.publicKey);
  await writeFile(files.privateKey, pair.privateKey, { mode: 0o600 });
  return files;
}

export const readPair = async ({
  certificate,
  key,
}: KeyFiles): Promise<{ certificate: string; key: string }> => ({
  certificate: await readFile(certificate, 'utf8'),
  key: await readFile(key, 'utf8'),
});
