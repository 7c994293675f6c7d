/** One system, up and ready: its Redis, its one or two instances, and where clients and workers connect. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeFlags, type Place, type System } from '../systems/system.ts';
import { freePort } from './free-port.ts';
import type { Child, Processes } from './processes.ts';
import { untilReady } from './readiness.ts';
import { startRedis, type RedisServer } from './redis-server.ts';

export interface Instance {
  readonly child: Child;
  readonly port: number;
}

export interface Deployment {
  readonly system: System;
  /** The server, and its replica after it when the system has one. */
  readonly redis: readonly RedisServer[];
  /** A and, when the system has two, B. */
  readonly instances: readonly Instance[];
  readonly clientPort: number;
  readonly workerPort: number;
  stop(): Promise<void>;
}

export interface DeployOptions {
  readonly processes: Processes;
  readonly workers: number;
  /** Fewer than the system has, when only one is looked at. */
  readonly instances?: 1;
  /** Where instances leave CPU profiles when they end; empty or absent for none. */
  readonly profile?: string;
}

export async function deploy(system: System, options: DeployOptions): Promise<Deployment> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-bench-'));
  const stops: (() => Promise<void>)[] = [];
  const removeDirectory = () => {
    rmSync(directory, { recursive: true, force: true });
  };
  // An interrupted run ends without calling `stop`.
  process.once('exit', removeDirectory);
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
    process.off('exit', removeDirectory);
    removeDirectory();
  };
  try {
    const redis: RedisServer[] = [];
    for (let servers = redisServers[system.redis]; servers > 0; servers--) {
      const server = await startRedis(options.processes, directory, redis[0]);
      stops.push(() => server.stop());
      redis.push(server);
    }
    const started: Instance[] = [];
    for (const name of (['a', 'b'] as const).slice(0, options.instances ?? system.instances)) {
      const place = { name, directory, workers: options.workers, redisUrl: redis[0]?.url ?? '' };
      const instance = await startInstance(system, place, options);
      stops.push(() => instance.child.stop());
      started.push(instance);
    }
    const clientPort = started[0]!.port;
    return { system, redis, instances: started, clientPort, workerPort: started.at(-1)!.port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const redisServers = { none: 0, single: 1, replicated: 2 } as const satisfies Record<System['redis'], number>;

async function startInstance(
  system: System,
  place: Omit<Place, 'port'>,
  { processes, profile = '' }: DeployOptions,
): Promise<Instance> {
  const port = await freePort();
  const { args, env } = system.launch({ ...place, port });
  const label = `instance ${place.name} of ${system.name}`;
  const child = processes.start(
    label,
    process.execPath,
    [...nodeFlags, ...profiling(profile), ...args],
    env ? { env } : {},
  );
  await untilReady(child, () => isReady(port));
  return { child, port };
}

const profiling = (directory: string): string[] =>
  directory === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.resolve(directory)}`];

async function isReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/readyz`, {
      signal: AbortSignal.timeout(1000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
