/** Redis URLs as connection options. A fault never quotes the URL, which may hold a password. */
import type { ConnectionOptions } from 'node:tls';
import { AppError } from '../../../common/errors.ts';
import type { RedisStoreOptions } from './options.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
}

type Where = Pick<RedisStoreOptions, 'mode' | 'url' | 'clusterUrls' | 'files'>;

/** Where to connect: one address, or the start nodes of a cluster. Throws `config` for what cannot be meant. */
export function addressesOf({ mode, url, clusterUrls = [], files }: Where): [Address, ...Address[]] {
  const [first = url, ...others] = mode === 'cluster' ? clusterUrls : [];
  const addresses: [Address, ...Address[]] = [parseRedisUrl(first), ...others.map(parseRedisUrl)];
  if (files?.authorities !== undefined && !addresses.every(({ tls }) => tls)) {
    throw new AppError('config', 'tls_ca_file is of no use without a URL that begins with rediss://');
  }
  return addresses;
}

function parseRedisUrl(text: string): Address {
  const url = URL.parse(text);
  const database = url?.pathname.replace(/^\//, '') ?? '';
  if (!url || !/^rediss?:$/.test(url.protocol) || !url.hostname || !/^\d{0,5}$/.test(database)) {
    throw new AppError('config', 'a Redis URL must look like redis://host:port or rediss://host:port');
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 6379),
    db: Number(database),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}
