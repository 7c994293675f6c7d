/**
 * Sends hints. A hint for this instance is handed to the same handler that reads the inbox, so a job takes one path
 * wherever its node is.
 */
import type { Logger } from 'pino';
import { AppError } from '../../common/errors.ts';
import type { Hint } from '../store/hints.ts';
import type { InboxStore, SendAnswer } from '../store/store.ts';
import type { Metrics } from '../metrics.ts';
import { retrying, type Retry } from '../retry.ts';

/** What became of a hint. `unavailable`: the store could not be asked, and nobody knows. */
export type Posted = SendAnswer | 'unavailable';

export interface Post {
  send(instanceId: string, hint: Hint): Promise<Posted>;

  /**
   * For hints whose loss would cost a wait: asked again for `forMs` while the inbox is full or the store away, and with
   * `mayReturn` while the other has no lease: after the store was away that is so of instances that are alive.
   */
  sendPatiently(instanceId: string, hint: Hint, forMs: number, mayReturn?: boolean): Promise<Posted>;

  /** Counts a hint that the store has sent, or refused, in the same step as a move. */
  told(type: Hint['type'], result: SendAnswer): void;
}

export type HintHandler = (hint: Hint, again: boolean) => Promise<void> | void;

interface PostDeps extends Retry {
  readonly instanceId: string;
  readonly inbox: InboxStore;
  /** Handles hints for this instance. */
  readonly local: HintHandler;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export function createPost(deps: PostDeps): Post {
  const { instanceId, inbox, local, log, metrics } = deps;

  async function remote(to: string, hint: Hint): Promise<Posted> {
    const result = await inbox.send(to, [hint]).catch((error: unknown) => {
      log.warn({ err: error, to, type: hint.type }, 'hint could not be sent');
      return 'unavailable' as const;
    });
    metrics.hintsSent.inc({ type: hint.type, result });
    return result;
  }

  async function send(to: string, hint: Hint): Promise<Posted> {
    if (to !== instanceId) return remote(to, hint);
    try {
      await local(hint, false);
    } catch (error) {
      log.error({ err: error, type: hint.type }, 'local hint failed');
    }
    return 'sent';
  }

  async function sendPatiently(to: string, hint: Hint, forMs: number, mayReturn = false): Promise<Posted> {
    let last: Posted = 'unavailable';
    const ask = async () => {
      last = await send(to, hint);
      const isOver = last === 'sent' || (last === 'no_owner' && !mayReturn);
      if (!isOver) throw new AppError('unavailable', last);
      return last;
    };
    return retrying(ask, deps, forMs).catch(() => last);
  }

  function told(type: Hint['type'], result: SendAnswer): void {
    metrics.hintsSent.inc({ type, result });
  }

  return { send, sendPatiently, told };
}
