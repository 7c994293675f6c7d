/** What one instance with nothing to do asks of Redis at the shipped times, and what that costs the two of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Scheduler } from '../../test/support/scheduler.ts';
import { cpuMs } from '../harness/usage.ts';

/** The slowest of its loops turns every ten seconds. */
const watchedMs = 20_000;

export interface IdleCommands {
  /** Commands and scripts by its own count, each second. */
  readonly commands: number;
  /** CPU of the instance and of Redis, milliseconds of each second. */
  readonly instanceMs: number;
  readonly redisMs: number;
}

/** Nobody else may talk to this Redis meanwhile. */
export async function measureIdleCommands(instance: Scheduler, admin: Redis): Promise<IdleCommands> {
  const read = async () => ({
    atMs: performance.now(),
    commands: commandsOf((await instance.get('/metrics')).body),
    instanceMs: cpuMs(instance.program.pid),
    redisMs: redisCpuMs(await admin.info('cpu')),
  });
  const before = await read();
  await sleep(watchedMs);
  const after = await read();
  const seconds = (after.atMs - before.atMs) / 1000;
  const each = (figure: 'commands' | 'instanceMs' | 'redisMs') => (after[figure] - before[figure]) / seconds;
  return { commands: each('commands'), instanceMs: each('instanceMs'), redisMs: each('redisMs') };
}

const commandsOf = (metrics: string): number =>
  [...metrics.matchAll(/^scheduler_phase2_redis_op_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, times]) => sum + Number(times),
    0,
  );

const redisCpuMs = (info: string): number =>
  [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].reduce(
    (sum, [, seconds]) => sum + Number(seconds),
    0,
  ) * 1000;
