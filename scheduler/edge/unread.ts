/**
 * What peers leave unread stands in our memory. Each connection has a bound of its own (`Connection.send`); here is the
 * one for all together, because a thousand that are each just below theirs would still be too much.
 */
import type { Clock } from '../../common/clock.ts';
import { closeCodes, type CloseCode } from '../protocol/close-codes.ts';

/** What is asked of a connection. */
export interface Reader {
  readonly unreadBytes: number;
  readonly closed: boolean;
  close(reason: CloseCode): void;
  cut(): void;
}

interface UnreadDeps {
  readonly connections: readonly Iterable<Reader>[];
  readonly maxBytes: number;
  readonly clock: Clock;
}

const lookEveryMs = 250;

/** Ends when the signal aborts. */
export async function watchUnread(
  { connections, maxBytes, clock }: UnreadDeps,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal);
    relieve(
      connections.flatMap((some) => [...some].filter(({ unreadBytes }) => unreadBytes > 0)),
      maxBytes,
    );
  }
}

/**
 * Closes those that leave most unread until the others are within the bound. One that was closed before and still holds
 * memory is cut: it does not read our close frame either.
 */
export function relieve(behind: readonly Reader[], maxBytes: number): void {
  let sum = behind.reduce((total, { unreadBytes }) => total + unreadBytes, 0);
  if (sum <= maxBytes) return;
  for (const reader of behind.toSorted((a, b) => b.unreadBytes - a.unreadBytes)) {
    if (sum <= maxBytes) return;
    sum -= reader.unreadBytes;
    if (reader.closed) reader.cut();
    else reader.close(closeCodes.slowConsumer);
  }
}
