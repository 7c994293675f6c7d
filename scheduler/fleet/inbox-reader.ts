/** Reads this instance's inbox for as long as the program lives. An entry is acknowledged when its hints have had their effect. */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import type { InboxEntry, InboxStore } from '../store/store.ts';
import type { HintHandler } from './post.ts';
import { Receipts } from './receipts.ts';

interface ReaderDeps {
  readonly instanceId: string;
  readonly inbox: InboxStore;
  readonly handle: HintHandler;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Wait before the reader is started again after a failure that should not happen. */
const restartMs = 500;

/** Ends when the signal aborts. */
export async function readInbox(deps: ReaderDeps, signal: AbortSignal): Promise<void> {
  const { inbox, instanceId, clock, log } = deps;
  const receipts = new Receipts(deps);
  while (!signal.aborted) {
    try {
      for await (const batch of inbox.read(instanceId, signal)) handleBatch(batch, deps, receipts);
    } catch (error) {
      log.error({ err: error }, 'inbox reader failed and is started again');
      await clock.sleep(restartMs, signal);
    }
  }
  await receipts.send();
}

/**
 * Begins all entries of a batch in order and waits for none: the handlers' first steps are synchronous, which keeps
 * the order, and one that waits for the store does not hold up the next batch.
 */
function handleBatch(batch: readonly InboxEntry[], deps: ReaderDeps, receipts: Receipts): void {
  const entries = batch.map(async (entry) => ((await handleEntry(entry, deps)) ? entry.id : undefined));
  void Promise.all(entries).then((ids) => {
    receipts.add(ids.filter((id) => id !== undefined));
  });
}

/** Whether the entry is done with; one that failed comes again. Most hints have had their effect when they are handled. */
async function handleEntry(entry: InboxEntry, { handle, log, metrics }: ReaderDeps): Promise<boolean> {
  const failures: unknown[] = [];
  const fail = (error: unknown) => void failures.push(error);
  const lasting: Promise<void>[] = [];
  for (const hint of entry.hints) {
    metrics.hintsReceived.inc({ type: hint.type });
    try {
      const handling = handle(hint, entry.again);
      if (handling) lasting.push(handling.catch(fail));
    } catch (error) {
      fail(error);
    }
  }
  await Promise.all(lasting);
  for (const error of failures) log.error({ err: error, entry: entry.id }, 'hint failed');
  return failures.length === 0;
}
