/** The store as a tool sees it: it looks, and holds no lease. */
import { pino } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import type { Config } from '../config/schema.ts';
import { redisOptions } from '../settings.ts';
import { openRedisStore } from '../store/redis/open.ts';
import type { Store } from '../store/store.ts';

export interface ToolDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
}

/** A person waits for it. */
const patienceMs = 3000;

/** @throws AppError `config` when phase 2 is off: then there is nothing to look at from another process */
export async function withStore<Result>(
  { config, clock, random }: ToolDeps,
  look: (store: Store) => Promise<Result>,
): Promise<Result> {
  if (!config.scheduler.phase2.enabled)
    throw new AppError('config', 'phase2 is off in this configuration: there is no Redis to look at');
  const options = redisOptions(config);
  const commandTimeoutMs = Math.min(options.commandTimeoutMs, patienceMs);
  const log = pino({ level: 'silent' });
  const store = openRedisStore({ ...options, commandTimeoutMs, clock, random, log });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}
