/** Clients of a single Redis or of a cluster, set up so that nothing is sent twice or late behind its caller's back. */
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { backoffMs } from '../../../common/backoff.ts';
import { addressesOf } from './address.ts';
import { credentialFiles } from './credentials.ts';
import type { RedisStoreOptions } from './options.ts';

export const defaultCommandTimeoutMs = 5000;

/**
 * @param silenceMs a connection that says nothing for this long while a command is unanswered is half open
 * @param gathers whether commands of one tick travel together; with one command at a time that would only cost a turn
 */
export function createClient(
  options: RedisStoreOptions,
  name: string,
  { silenceMs, gathers }: { readonly silenceMs: number; readonly gathers: boolean },
): Redis | Cluster {
  const addresses = addressesOf(options);
  const reconnectMs = (attempt: number) =>
    backoffMs(attempt, options.random.next(), { baseMs: 50, capMs: 2000 });
  const { host, port, db, ...fromUrl } = addresses[0];
  const credentials = credentialFiles(options);
  const shared = {
    ...fromUrl,
    ...credentials(),
    connectionName: `lingua-${name}`,
    connectTimeout: options.commandTimeoutMs ?? defaultCommandTimeoutMs,
    socketTimeout: silenceMs,
    // What was sent and not answered fails at once; the verbs' callers repeat it.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    protocol: 2,
  } satisfies RedisOptions;
  if (options.mode === 'single') {
    const single: Redis = new Redis({
      ...shared,
      host,
      port,
      db,
      enableAutoPipelining: gathers,
      enableOfflineQueue: false,
      retryStrategy(attempt) {
        Object.assign(single.options, credentials());
        return reconnectMs(attempt);
      },
    });
    return single;
  }
  const cluster = new Cluster(
    addresses.map((address) => ({ host: address.host, port: address.port })),
    {
      enableAutoPipelining: gathers,
      clusterRetryStrategy: reconnectMs,
      redisOptions: shared,
      // With TLS the certificate is for the name, not for the address behind it.
      ...(fromUrl.tls ? { dnsLookup: asItIs } : {}),
    },
  );
  // Told before the node's connection is made.
  cluster.on('+node', (node: Redis) => {
    Object.assign(node.options, credentials());
  });
  return cluster;
}

const asItIs: NonNullable<ClusterOptions['dnsLookup']> = (address, done) => {
  done(null, address);
};
