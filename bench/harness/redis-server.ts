/** A redis-server of our own on a free loopback port, empty and without persistence, and what it counts. */
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import type { Child, Processes } from './processes.ts';
import { untilReady } from './readiness.ts';

export interface RedisCounts {
  /** Commands executed, those inside scripts included. */
  readonly commands: number;
  /** Script and function calls. */
  readonly scripts: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly child: Child;
  counts(): Promise<RedisCounts>;
  stop(): Promise<void>;
}

/** @param primary the server that this one is a replica of */
export async function startRedis(
  processes: Processes,
  directory: string,
  primary?: RedisServer,
): Promise<RedisServer> {
  const port = await freePort();
  const child = processes.start('redis-server', 'redis-server', [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
    ...['--save', '', '--appendonly', 'no', '--loglevel', 'warning'],
    ...(primary ? ['--replicaof', '127.0.0.1', String(primary.port)] : []),
  ]);
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 });
  // Refused connections are expected while it starts; later a server that is gone shows as `child.crashed`.
  redis.on('error', () => undefined);
  const ready = untilReady(child, async () => {
    const replication = await redis.info('replication');
    return !primary || replication.includes('master_link_status:up');
  });
  await ready.catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  return {
    port,
    url: `redis://127.0.0.1:${String(port)}`,
    child,
    counts: async () => countsOf(await redis.info('stats'), await redis.info('commandstats')),
    stop: async () => {
      redis.disconnect();
      await child.stop();
    },
  };
}

export function countsOf(stats: string, commandStats: string): RedisCounts {
  const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(stats)?.[1]);
  const scripts = commandStats.matchAll(/^cmdstat_(?:eval|evalsha|fcall)(?:_ro)?:calls=(\d+)/gm);
  return {
    commands: figure('total_commands_processed'),
    scripts: [...scripts].reduce((sum, [, calls]) => sum + Number(calls), 0),
    bytesIn: figure('total_net_input_bytes'),
    bytesOut: figure('total_net_output_bytes'),
  };
}
