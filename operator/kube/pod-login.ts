/**
 * Who a pod is and how it reaches its API server, by what every pod is given: two variables and the files of its service
 * account. The token is renewed in its file about once an hour.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { Sessions, type Login, type Said } from './login.ts';

/** Where a pod finds them. */
export const accountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @returns undefined where this is not a pod that may talk to its API server */
export function podLogin(
  environment: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  directory = accountDirectory,
): Login | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  const namespace = contentOf(path.join(directory, 'namespace'));
  if (!host || !port || namespace === undefined) return undefined;
  const sessions = new Sessions(() => Promise.resolve(said(directory)), clock);
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    namespace,
    current: () => sessions.current(),
    close: () => sessions.close(),
  };
}

function said(directory: string): Said {
  const [token, ca] = ['token', 'ca.crt'].map((name) => contentOf(path.join(directory, name)));
  if (!token || !ca) throw new AppError('unavailable', `no token or no ca.crt in ${directory}`);
  return { headers: { authorization: `Bearer ${token}` }, settings: { tls: { ca } } };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
