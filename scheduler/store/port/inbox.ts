/** Inboxes of the store: hints on their way, and dead letters. See store.ts for what all verbs promise. */
import type { Hint } from '../hints.ts';

export interface InboxEntry {
  /** Stream entry id; acknowledge by it. */
  readonly id: string;
  readonly hints: readonly Hint[];
  /** True when it was delivered before: check the record before acting on its hints. */
  readonly again: boolean;
}

export interface InboxStats {
  readonly length: number;
  readonly pending: number;
  readonly dlqLength: number;
}

/** What became of hints: `busy`: the inbox is full; `no_owner`: its instance does not hold its lease, so nobody would read them. */
export type SendAnswer = 'sent' | 'busy' | 'no_owner';

export interface InboxStore {
  /**
   * Appends hints to an instance's inbox, which takes `maxLength` entries; what is sent to it in one turn of the event loop
   * travels together.
   */
  send(instanceId: string, hints: readonly Hint[]): Promise<SendAnswer>;

  /**
   * This instance's entries: first what an earlier life read and did not acknowledge, then new ones. Ends when the
   * signal aborts. Survives a lost connection and a lost consumer group by starting again. Entries that stay
   * unacknowledged are yielded again later, and go to the dead letters at the configured number of deliveries, as do
   * entries that cannot be decoded; hints of unknown type are left out. One reader per instance. It ends within
   * `blockMs` of the signal.
   */
  read(instanceId: string, signal: AbortSignal): AsyncIterable<readonly InboxEntry[]>;

  /** The entries are done with: acknowledged and removed. */
  acknowledge(instanceId: string, ids: readonly string[]): Promise<void>;

  stats(instanceId: string): Promise<InboxStats>;

  /** The id of the oldest entry that was read and not acknowledged: its first part is when it was sent, by the store's clock. */
  oldestPending(instanceId: string): Promise<string | undefined>;

  /**
   * The oldest entries of a dead instance, delivered or not, at most `limit`, all marked `again`; acknowledge them in its
   * name. Undecodable ones go to its dead letters. None unless `reaper` reaps it (`InstanceStore.beginReaping`).
   */
  salvage(deadInstanceId: string, reaper: string, limit: number): Promise<InboxEntry[]>;

  /**
   * Instances that have dead letters, also those that were retired since. For people: it looks through all keys, a few at
   * a time.
   */
  instancesWithDeadLetters(): Promise<string[]>;

  /** Dead letters of an instance after the entry id `after` ('' from the oldest), at most `limit`. */
  deadLetters(instanceId: string, after: string, limit: number): Promise<DeadLetter[]>;

  /**
   * Puts a dead letter into the inbox of `to` as a new entry and removes it; `gone` when it is not there. At least once:
   * when `to` is another instance, an answer that is not heard may leave both.
   */
  replayDeadLetter(
    instanceId: string,
    id: string,
    to: string,
  ): Promise<'replayed' | 'gone' | Exclude<SendAnswer, 'sent'>>;

  /** Removes dead letters; returns how many there were. */
  dropDeadLetters(instanceId: string, ids: readonly string[]): Promise<number>;
}

export interface DeadLetter {
  readonly id: string;
  readonly payload: string;
  readonly sourceStream: string;
  readonly sourceId: string;
  readonly deliveries: number;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  readonly movedAtMs: number;
  readonly reason: string;
}
