/** Keeps alive in the store what this instance holds: its presence, its sessions and its nodes. */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import type { InstanceStore, PresenceRecord } from '../store/store.ts';

interface RenewalDeps {
  readonly instances: InstanceStore;
  readonly presence: () => PresenceRecord;
  readonly presenceMs: number;
  readonly intervalMs: number;
  /** Holders of things that expire: the desk and the floor. */
  readonly holders: readonly { renew(): Promise<void> }[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Renewals {
  /** Ends when the signal aborts. */
  keep(signal: AbortSignal): Promise<void>;
  /** One round now: something has just changed hands. */
  now(): Promise<void>;
}

export function createRenewals(deps: RenewalDeps): Renewals {
  const { instances, presence, presenceMs, intervalMs, holders, clock, log, metrics } = deps;

  async function announce(): Promise<void> {
    await instances.announce(presence(), presenceMs);
    metrics.presenceHeartbeats.inc();
  }

  async function now(): Promise<void> {
    const rounds = await Promise.allSettled([announce(), ...holders.map((holder) => holder.renew())]);
    for (const round of rounds) {
      if (round.status === 'rejected')
        log.warn({ err: round.reason as unknown }, 'renewal failed; trying again soon');
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await now();
      await clock.sleep(intervalMs, signal);
    }
  }

  return { keep, now };
}
