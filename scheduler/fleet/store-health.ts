/** Whether the store answers, asked once a second: what readiness and the instance report say of it. */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import { toAppError } from '../../common/errors.ts';
import type { Logins } from '../store/store.ts';

export interface StoreHealth {
  readonly reachable: boolean;
  readonly roundTripMs: number | null;
  readonly error: string | null;
}

interface HealthDeps {
  readonly ping: () => Promise<number>;
  /** Told at each turn, at its own pace. */
  readonly logins?: Pick<Logins, 'look'> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
}

/** Returns a function that tells the newest finding. Goes on asking until the signal aborts. */
export function watchStoreHealth(deps: HealthDeps, signal: AbortSignal): () => StoreHealth {
  let health: StoreHealth = { reachable: false, roundTripMs: null, error: 'not asked yet' };
  const loop = async () => {
    while (!signal.aborted) {
      void deps.logins?.look();
      const next = await ask(deps.ping);
      if (next.reachable !== health.reachable) report(next, deps.log);
      health = next;
      await deps.clock.sleep(deps.intervalMs, signal);
    }
  };
  void loop();
  return () => health;
}

async function ask(ping: () => Promise<number>): Promise<StoreHealth> {
  try {
    return { reachable: true, roundTripMs: await ping(), error: null };
  } catch (error) {
    return { reachable: false, roundTripMs: null, error: toAppError(error).message };
  }
}

function report(health: StoreHealth, log: Logger): void {
  if (health.reachable) log.info('store is reachable');
  else log.error({ reason: health.error }, 'store is not reachable');
}
