/**
 * Reads one instance's inbox for ever:
 *
 *   recover  what was delivered and not acknowledged: at the start, and after every failed read, because the entries of a
 *            lost answer count as delivered
 *   read     new entries, waiting a little
 *   reclaim  now and then, what stayed unacknowledged for too long, going on where the last scan stopped
 *
 * Entries delivered too often, and those that nobody can decode, go to the dead letters.
 */
import type { Logger } from 'pino';
import { backoffMs } from '../../../common/backoff.ts';
import type { Clock, Random } from '../../../common/clock.ts';
import { toAppError } from '../../../common/errors.ts';
import type { InboxEntry } from '../store.ts';
import type { RedisConnection } from './connection.ts';
import type { DeadLetters } from './dead-letters.ts';
import { isBusyGroup, isNoGroup } from './failure.ts';
import type { Keys } from './keys.ts';
import type { RedisStoreOptions } from './options.ts';
import { asEntries, asList, asNumber, asText, type StreamEntry } from './reply.ts';
import { inboxReclaimScript } from './scripts/inbox-reclaim.ts';

type Settings = Pick<RedisStoreOptions, 'group' | 'blockMs' | 'count' | 'reclaimIdleMs' | 'dlq'>;

export interface ReaderParts extends Settings {
  readonly instanceId: string;
  readonly keys: Keys;
  /** Used for nothing else: a blocking read holds up whatever comes after it. */
  readonly blocking: RedisConnection;
  readonly commands: RedisConnection;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Redis forgot the group of an inbox that was being read, and so perhaps everything else. */
  readonly onDataLoss: () => void;
}

const fromTheStart = '0-0';

export class InboxReader {
  readonly #parts: ReaderParts;
  readonly #inbox: string;
  readonly #dlq: string;
  /** Yielded and not acknowledged: a recovery must not yield them a second time while they are worked on. */
  readonly #inHand = new Set<string>();
  /** Where a recovery stands; undefined when there is nothing to recover. */
  #recoverFrom: string | undefined = fromTheStart;
  #reclaimFrom = fromTheStart;
  #nextReclaimAt = 0;
  #groupExists = true; // until Redis says that it does not
  #groupSeen = false;
  #failures = 0;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#inbox = parts.keys.inbox(parts.instanceId);
    this.#dlq = parts.keys.deadLetters(parts.instanceId);
  }

  async *read(signal: AbortSignal): AsyncGenerator<readonly InboxEntry[], void> {
    this.#nextReclaimAt = this.#parts.clock.monotonic() + this.#parts.dlq.scanIntervalMs;
    while (!signal.aborted) {
      const entries = await this.#nextOrWait(signal);
      if (entries.length === 0) continue;
      for (const { id } of entries) this.#inHand.add(id);
      yield entries;
    }
  }

  acknowledged(ids: readonly string[]): void {
    for (const id of ids) this.#inHand.delete(id);
  }

  async #nextOrWait(signal: AbortSignal): Promise<InboxEntry[]> {
    const { log, clock, random } = this.#parts;
    try {
      const entries = await this.#next();
      this.#failures = 0;
      return entries;
    } catch (error) {
      this.#recoverFrom = fromTheStart;
      if (isNoGroup(error)) {
        this.#groupMissing();
        return [];
      }
      this.#failures += 1;
      log.warn({ err: toAppError(error), failures: this.#failures }, 'inbox read failed');
      await clock.sleep(backoffMs(this.#failures, random.next(), { baseMs: 50, capMs: 2000 }), signal);
      return [];
    }
  }

  async #next(): Promise<InboxEntry[]> {
    if (!this.#groupExists) await this.#createGroup();
    if (this.#recoverFrom !== undefined) return this.#recover(this.#recoverFrom);
    if (this.#parts.clock.monotonic() >= this.#nextReclaimAt) return this.#reclaim();
    return this.#readNew();
  }

  /** From the beginning of the stream: what was sent before the group existed is for us too. */
  async #createGroup(): Promise<void> {
    const { commands, group } = this.#parts;
    try {
      await commands.command('XGROUP', ['CREATE', this.#inbox, group, '0', 'MKSTREAM']);
    } catch (error) {
      if (!isBusyGroup(error)) throw error;
    }
    this.#groupExists = true;
  }

  /** Nobody removes a group in good order: after the first time, Redis lost data or a person deleted the stream. */
  #groupMissing(): void {
    this.#groupExists = false;
    if (!this.#groupSeen) return;
    this.#groupSeen = false;
    this.#parts.commands.count('inbox_group_lost', 'err');
    this.#parts.log.warn('inbox group was lost, creating it again');
    this.#parts.onDataLoss();
  }

  async #recover(cursor: string): Promise<InboxEntry[]> {
    const { entries, next } = await this.#claimIdle(0, cursor);
    this.#recoverFrom = next === fromTheStart ? undefined : next;
    return this.#decode(
      entries.filter(({ id }) => !this.#inHand.has(id)),
      true,
    );
  }

  /** Looks at `scanCount` unacknowledged entries at most, `count` at a time; one that comes back was not dealt with. */
  async #reclaim(): Promise<InboxEntry[]> {
    const { clock, dlq, count, reclaimIdleMs } = this.#parts;
    this.#nextReclaimAt = clock.monotonic() + dlq.scanIntervalMs;
    const found: StreamEntry[] = [];
    for (let looked = 0; looked < dlq.scanCount; looked += count) {
      const { entries, next } = await this.#claimIdle(reclaimIdleMs, this.#reclaimFrom);
      found.push(...entries);
      this.#reclaimFrom = next;
      if (next === fromTheStart) break;
    }
    return this.#decode(found, true);
  }

  async #claimIdle(idleMs: number, cursor: string): Promise<{ entries: StreamEntry[]; next: string }> {
    const { commands, group, instanceId, count, dlq, log } = this.#parts;
    const limits = [dlq.enabled ? dlq.maxDeliveries : 0, dlq.minIdleMs, dlq.maxLength];
    const args = [group, instanceId, idleMs, cursor, count, ...limits];
    const reply = await commands.run(inboxReclaimScript, [this.#inbox, this.#dlq], args);
    this.#groupSeen = true;
    const [next, entries, moved, vanished] = asList(reply);
    this.#parts.deadLetters.count(asNumber(moved), 'max_deliveries');
    if (asNumber(vanished) > 0)
      log.warn({ entries: vanished }, 'inbox entries vanished before they were acknowledged');
    return { entries: asEntries(entries), next: asText(next) };
  }

  async #readNew(): Promise<InboxEntry[]> {
    const { blocking, group, instanceId, count, blockMs } = this.#parts;
    const reply = await blocking.command(
      'XREADGROUP',
      ['GROUP', group, instanceId, 'COUNT', count, 'BLOCK', blockMs, 'STREAMS', this.#inbox, '>'],
      blockMs,
    );
    if (reply === null) return [];
    const [stream] = asList(reply);
    return this.#decode(asEntries(asList(stream)[1]), false);
  }

  #decode(entries: readonly StreamEntry[], again: boolean): Promise<InboxEntry[]> {
    return this.#parts.deadLetters.decode(this.#parts.instanceId, entries, again);
  }
}
