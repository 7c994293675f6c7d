/** Kubeconfig files: one cluster, one user, one context. */
import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { AppError } from '../../common/errors.ts';

export interface ClusterAccess {
  readonly server: string;
  /** PEM; absent for plain http. */
  readonly certificateAuthority?: string;
}

export type User =
  | { readonly token: string }
  | { readonly tokenFile: string }
  | { readonly clientCertificate: string; readonly clientKey: string };

export function kubeconfig(
  { server, certificateAuthority }: ClusterAccess,
  user: User,
  namespace = 'default',
): string {
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'pocket',
          cluster: {
            server,
            ...(certificateAuthority ? { 'certificate-authority-data': base64(certificateAuthority) } : {}),
          },
        },
      ],
      users: [{ name: 'user', user: userEntry(user) }],
      contexts: [{ name: 'pocket', context: { cluster: 'pocket', user: 'user', namespace } }],
      'current-context': 'pocket',
    },
    null,
    2,
  );
}

function userEntry(user: User): Record<string, string> {
  if (!('clientCertificate' in user)) return { ...user };
  return {
    'client-certificate-data': base64(user.clientCertificate),
    'client-key-data': base64(user.clientKey),
  };
}

/** Only its owner may read it: it holds a secret. */
export async function writeKubeconfig(file: string, content: string): Promise<string> {
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

interface ParsedConfig {
  readonly 'current-context': string;
  readonly contexts: readonly { name: string; context: { cluster: string } }[];
  readonly clusters: readonly { name: string; cluster: Record<string, string | undefined> }[];
}

/** The cluster of a kubeconfig's current context. Throws `config` when there is none. */
export async function clusterAccess(file: string): Promise<ClusterAccess> {
  const config = parse(await readFile(file, 'utf8')) as ParsedConfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  if (!cluster?.['server']) throw new AppError('config', `${file} has no current cluster`);
  const data = cluster['certificate-authority-data'];
  const path = cluster['certificate-authority'];
  const authority = data ? Buffer.from(data, 'base64').toString() : path && (await readFile(path, 'utf8'));
  return { server: cluster['server'], ...(authority ? { certificateAuthority: authority } : {}) };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
