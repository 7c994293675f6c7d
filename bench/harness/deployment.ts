/** One system, up and ready: its Redis, its one or two instances, and where clients and workers connect. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { System } from '../systems/system.ts';
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
  readonly redis: RedisServer | undefined;
  /** A and, when the system has two, B. */
  readonly instances: readonly Instance[];
  readonly clientPort: number;
  readonly workerPort: number;
  stop(): Promise<void>;
}

export async function deploy(
  system: System,
  {
    processes,
    workers,
    instances = system.instances,
  }: { processes: Processes; workers: number; instances?: 1 | 2 },
): Promise<Deployment> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-bench-'));
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const redis = system.usesRedis ? await startRedis(processes, directory) : undefined;
    if (redis) stops.push(() => redis.stop());
    const started: Instance[] = [];
    for (const name of (['a', 'b'] as const).slice(0, instances)) {
      const instance = await startInstance(system, processes, {
        name,
        directory,
        workers,
        redisUrl: redis?.url ?? '',
      });
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

async function startInstance(
  system: System,
  processes: Processes,
  place: { name: 'a' | 'b'; directory: string; workers: number; redisUrl: string },
): Promise<Instance> {
  const port = await freePort();
  const { args, env } = system.launch({ ...place, port });
  const label = `instance ${place.name} of ${system.name}`;
  const child = processes.start(label, process.execPath, args, env ? { env } : {});
  await untilReady(child, () => isReady(port));
  return { child, port };
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${String(port)}/readyz`).catch(() => undefined);
  await answer?.arrayBuffer();
  return answer?.ok ?? false;
}
