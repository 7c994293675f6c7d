/** A client of Redis past all proxies, for what the driver breaks and for what is read at the end. */
import { Cluster, Redis } from 'ioredis';
import type { Clock } from '../../../common/clock.ts';
import { connect, startRedis, type RedisServer } from '../../support/redis.ts';
import { until } from '../wait.ts';

export function openDirect(mode: 'single' | 'cluster', ports: readonly number[]): Redis | Cluster {
  if (mode === 'single') return connect(ports[0] ?? 0);
  const cluster = new Cluster(
    ports.map((port) => ({ host: '127.0.0.1', port })),
    { redisOptions: { protocol: 2 }, clusterRetryStrategy: () => 50 },
  );
  cluster.on('error', () => undefined);
  return cluster;
}

/** A replica of the server on this port, in sync. */
export async function startReplica(port: number, clock: Clock): Promise<RedisServer> {
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(port)] });
  const master = connect(port);
  try {
    await until('a replica in sync', async () => (await master.wait(1, 100)) === 1, {
      clock,
      withinMs: 20_000,
    });
    return replica;
  } finally {
    master.disconnect();
  }
}
