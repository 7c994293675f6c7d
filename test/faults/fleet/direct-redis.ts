/** A client of Redis past all proxies, for what the driver breaks and for what is read at the end. */
import { Cluster, Redis } from 'ioredis';
import { connect } from '../../support/redis.ts';

export function openDirect(mode: 'single' | 'cluster', ports: readonly number[]): Redis | Cluster {
  if (mode === 'single') return connect(ports[0] ?? 0);
  const cluster = new Cluster(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    { redisOptions: { protocol: 2 }, clusterRetryStrategy: () => 50 },
  );
  cluster.on('error', () => undefined);
  return cluster;
}
