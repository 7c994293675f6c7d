/**
 * Which other instances live, so that work given to one that died is taken up again at once. One that was started anew
 * has died too, however quickly it was back: its nodes and sessions are gone.
 */
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

/** When each instance was started, as it says; undefined: it did not say yet. */
type Lives = ReadonlyMap<string, number | undefined>;

/** Ends when the signal aborts. */
export async function watchPeers(deps: PeersDeps, signal: AbortSignal): Promise<void> {
  const { instances, clock, log, intervalMs } = deps;
  let known: Lives = new Map();
  while (!signal.aborted) {
    try {
      const live = await instances.live();
      const lives = new Map(live.map(({ instanceId, presence }) => [instanceId, presence?.started_at]));
      known = compare(known, lives, deps);
    } catch (error) {
      log.warn({ err: error }, 'instances could not be listed');
    }
    await clock.sleep(intervalMs, signal);
  }
}

/** What is known now. A life that does not say when it began is taken for the one before. */
function compare(before: Lives, now: Lives, { instanceId, log, onGone }: PeersDeps): Lives {
  for (const [peer, startedAt] of before) {
    if (peer === instanceId) continue;
    if (!now.has(peer)) log.warn({ peer }, 'instance is gone');
    else if (isAnother(startedAt, now.get(peer))) log.warn({ peer }, 'instance was started anew');
    else continue;
    onGone(peer);
  }
  return new Map([...now].map(([peer, startedAt]) => [peer, startedAt ?? before.get(peer)]));
}

const isAnother = (before: number | undefined, now: number | undefined): boolean =>
  before !== undefined && now !== undefined && before !== now;
