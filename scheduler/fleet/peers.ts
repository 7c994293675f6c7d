/** Which other instances live, so that work given to one that died is taken up again at once. */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { InstanceStore } from '../store/store.ts';

interface PeersDeps {
  readonly instances: InstanceStore;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
  readonly onGone: (instanceId: string) => void;
}

/** Ends when the signal aborts. */
export async function watchPeers(deps: PeersDeps, signal: AbortSignal): Promise<void> {
  const { instances, instanceId, clock, log, intervalMs, onGone } = deps;
  let known = new Set<string>();
  while (!signal.aborted) {
    try {
      const live = new Set((await instances.live()).map((peer) => peer.instanceId));
      for (const peer of known) {
        if (live.has(peer) || peer === instanceId) continue;
        log.warn({ peer }, 'instance is gone');
        onGone(peer);
      }
      known = live;
    } catch (error) {
      log.warn({ err: error }, 'instances could not be listed');
    }
    await clock.sleep(intervalMs, signal);
  }
}
