/** Whether this instance should be given work, and why not. Asked anew each time, so it cannot go stale. */
import type { StoreHealth } from './fleet/store-health.ts';

export interface Readiness {
  /** Empty when ready. */
  reasons(): string[];
  /** Started and not draining; the guide's `/health`. */
  takesPart(): boolean;
}

interface ReadinessDeps {
  readonly started: () => boolean;
  readonly draining: () => boolean;
  readonly leaseHeld: () => boolean;
  readonly storeHealth: () => StoreHealth;
}

export function createReadiness({ started, draining, leaseHeld, storeHealth }: ReadinessDeps): Readiness {
  return {
    reasons() {
      const { reachable, error } = storeHealth();
      return [
        ...(started() ? [] : ['starting']),
        ...(draining() ? ['draining'] : []),
        ...(reachable ? [] : [`redis: ${error ?? 'unreachable'}`]),
        ...(leaseHeld() ? [] : ['lease: not held']),
      ];
    },
    takesPart: () => started() && !draining(),
  };
}
