/**
 * Which other instances live, so that work given to one that died is taken up again at once. One that was started anew
 * has died too, however quickly it was back: its nodes and sessions are gone. One that lost its lease and claimed it again
 * between two looks has let go of its nodes and sessions as well, but may have them back. So may one that is new to us,
 * for it may have begun, been given work and died before we looked.
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
  /** What it did under an earlier epoch than this one is over; its next life may have begun, and be known already. */
  readonly onGone: (instanceId: string, epoch: number) => void;
  readonly onReturned: (instanceId: string) => void;
}

interface Life {
  /** As it says; undefined: it did not say yet. */
  readonly startedAt: number | undefined;
  readonly epoch: number;
}

type Lives = ReadonlyMap<string, Life>;

/** Ends when the signal aborts. */
export async function watchPeers(deps: PeersDeps, signal: AbortSignal): Promise<void> {
  const { instances, clock, log, intervalMs } = deps;
  let known: Lives | undefined;
  while (!signal.aborted) {
    try {
      const live = await instances.live();
      const lives = new Map(
        live.map(({ instanceId, epoch, presence }) => [
          instanceId,
          { epoch, startedAt: presence?.started_at },
        ]),
      );
      known = known ? compare(known, lives, deps) : lives;
    } catch (error) {
      log.warn({ err: error }, 'instances could not be listed');
    }
    await clock.sleep(intervalMs, signal);
  }
}

/** What is known now. A life that does not say when it began is taken for the one before. */
function compare(before: Lives, now: Lives, { instanceId, log, onGone, onReturned }: PeersDeps): Lives {
  for (const [peer, life] of before) {
    if (peer === instanceId) continue;
    const today = now.get(peer);
    if (!today || isAnother(life, today)) {
      log.warn({ peer }, today ? 'instance was started anew' : 'instance is gone');
      onGone(peer, today?.epoch ?? life.epoch + 1);
    } else if (today.epoch !== life.epoch) {
      log.warn({ peer }, 'instance lost its lease and has it again');
      onReturned(peer);
    }
  }
  for (const peer of now.keys()) {
    if (peer !== instanceId && !before.has(peer)) onReturned(peer);
  }
  const began = (peer: string) => before.get(peer)?.startedAt;
  return new Map(
    [...now].map(([peer, life]) => [peer, { ...life, startedAt: life.startedAt ?? began(peer) }]),
  );
}

const isAnother = (before: Life, now: Life): boolean =>
  before.startedAt !== undefined && now.startedAt !== undefined && before.startedAt !== now.startedAt;
