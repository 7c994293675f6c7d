/**
 * User, password and certificate authorities that stand in files, as Secrets do in a pod. They are read anew before each
 * new connection, so that a changed password needs no restart.
 */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { AppError } from '../../../common/errors.ts';
import type { RedisStoreOptions } from './options.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
}

type Options = Pick<RedisStoreOptions, 'files' | 'log'>;

/**
 * A reader that gives what the files say now, or what they last said when one cannot be read any more. Throws `config`
 * when a file cannot be read the first time.
 */
export function credentialFiles({ files = {}, log }: Options): () => Credentials {
  let known = readAll(files);
  return () => {
    try {
      known = readAll(files);
    } catch (error) {
      log.warn({ err: error }, 'the credentials for Redis could not be read again, the last ones stay');
    }
    return known;
  };
}

/** What the files hold now, byte for byte, in the order of `credentialsDigest`; undefined when one cannot be read. */
export function contentsOf({
  username,
  password,
  authorities,
}: NonNullable<Options['files']>): readonly (Buffer | undefined)[] | undefined {
  try {
    return [username, password, authorities].map((path) =>
      path === undefined ? undefined : readFileSync(path),
    );
  } catch {
    return undefined;
  }
}

function readAll({ username, password, authorities }: NonNullable<Options['files']>): Credentials {
  return {
    ...(username === undefined ? {} : { username: readText(username).trim() }),
    ...(password === undefined ? {} : { password: readText(password).replace(/\r?\n$/, '') }),
    ...(authorities === undefined ? {} : { tls: { ca: readText(authorities) } }),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('config', `cannot read ${path}, which the configuration of Redis names`, {
      cause: error,
    });
  }
}
