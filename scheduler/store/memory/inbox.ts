/** Inboxes in memory, with the life of an entry as in Redis: new, delivered, acknowledged, or dead. */
import type { Clock } from '../../../common/clock.ts';
import { decodeHints, encodeHints } from '../decode-hints.ts';
import { checkedId } from '../ids.ts';
import type { Hint } from '../hints.ts';
import type { DeadLetter, InboxEntry, InboxStore, SendAnswer } from '../store.ts';
import type { Leftovers } from './instances.ts';

export interface MemoryInboxOptions {
  readonly count: number;
  readonly maxLength: number;
  readonly reclaimIdleMs: number;
  readonly dlq: {
    readonly enabled: boolean;
    readonly maxDeliveries: number;
    readonly minIdleMs: number;
    readonly scanIntervalMs: number;
  };
}

export interface MemoryInbox extends InboxStore {
  /** Puts an entry with any payload into an inbox, as a faulty writer would. */
  inject(instanceId: string, payload: string): void;
  /** What `send` does, in this step. */
  deliver(instanceId: string, hints: readonly Hint[]): SendAnswer;
  readonly leftovers: Leftovers;
}

/** What the inboxes need to know of the instances. */
interface Owners {
  hasOwner(instanceId: string): boolean;
  isReapedBy(instanceId: string, reaper: string): boolean;
}

interface Entry {
  readonly id: string;
  readonly payload: string;
  readonly sentAt: number;
  deliveries: number;
  deliveredAt: number;
}

interface Box {
  readonly source: string;
  readonly entries: Map<string, Entry>;
  readonly dead: Map<string, DeadLetter>;
  deadEndAt: number;
  /** Wakes the reader. */
  wake: () => void;
}

export function createMemoryInbox(clock: Clock, options: MemoryInboxOptions, owners: Owners): MemoryInbox {
  const boxes = new Map<string, Box>();
  let sequence = 0;

  const boxOf = (instanceId: string): Box => {
    const known = boxes.get(checkedId(instanceId, 'instance'));
    if (known) {
      if (clock.monotonic() >= known.deadEndAt) known.dead.clear();
      return known;
    }
    const box: Box = {
      source: instanceId,
      entries: new Map(),
      dead: new Map(),
      deadEndAt: Infinity,
      wake: () => undefined,
    };
    boxes.set(instanceId, box);
    return box;
  };
  const add = (box: Box, payload: string) => {
    sequence += 1;
    const id = `${String(sequence)}-0`;
    box.entries.set(id, { id, payload, sentAt: clock.monotonic(), deliveries: 0, deliveredAt: 0 });
    box.wake();
  };

  const deliverTo = (instanceId: string, payload: string): SendAnswer => {
    const box = boxOf(instanceId);
    if (!owners.hasOwner(instanceId)) return 'no_owner';
    if (box.entries.size >= options.maxLength) return 'busy';
    add(box, payload);
    return 'sent';
  };

  return {
    deliver: (instanceId, hints) => deliverTo(instanceId, encodeHints(hints)),
    send: async (instanceId, hints) => Promise.resolve(deliverTo(instanceId, encodeHints(hints))),

    read: (instanceId, signal) => readBox(boxOf(instanceId), clock, options, signal),

    async acknowledge(instanceId, ids) {
      for (const id of ids) boxOf(instanceId).entries.delete(id);
      return Promise.resolve();
    },

    async stats(instanceId) {
      const { entries, dead } = boxOf(instanceId);
      const pending = [...entries.values()].filter(({ deliveries }) => deliveries > 0).length;
      return Promise.resolve({ length: entries.size, pending, dlqLength: dead.size });
    },

    async oldestPending(instanceId) {
      const pending = [...boxOf(instanceId).entries.values()].find(({ deliveries }) => deliveries > 0);
      return Promise.resolve(pending?.id);
    },

    inject(instanceId, payload) {
      add(boxOf(instanceId), payload);
    },

    async salvage(deadInstanceId, reaper, limit) {
      const box = boxOf(deadInstanceId);
      if (!owners.isReapedBy(deadInstanceId, reaper)) return Promise.resolve([]);
      return Promise.resolve(salvage(box, clock, options, limit));
    },

    ...deadLetterVerbs(boxes, boxOf, deliverTo),

    leftovers: {
      hasEntries: (instanceId) => boxOf(instanceId).entries.size > 0,
      endDeadLetters(instanceId, afterMs) {
        boxOf(instanceId).deadEndAt = clock.monotonic() + afterMs;
      },
      keepDeadLetters(instanceId) {
        boxOf(instanceId).deadEndAt = Infinity;
      },
    },
  };
}

type DeadLetterVerbs = Pick<
  InboxStore,
  'instancesWithDeadLetters' | 'deadLetters' | 'replayDeadLetter' | 'dropDeadLetters'
>;

function deadLetterVerbs(
  boxes: ReadonlyMap<string, Box>,
  boxOf: (instanceId: string) => Box,
  deliverTo: (instanceId: string, payload: string) => SendAnswer,
): DeadLetterVerbs {
  return {
    async instancesWithDeadLetters() {
      return Promise.resolve([...boxes.keys()].filter((instanceId) => boxOf(instanceId).dead.size > 0));
    },

    async deadLetters(instanceId, after, limit) {
      const letters = [...boxOf(instanceId).dead.values()];
      const newer = letters.filter(({ id }) => after === '' || Number.parseInt(id) > Number.parseInt(after));
      return Promise.resolve(newer.slice(0, limit));
    },

    async replayDeadLetter(instanceId, id, to) {
      const { dead } = boxOf(instanceId);
      const letter = dead.get(id);
      if (!letter) return Promise.resolve('gone');
      const answer = deliverTo(to, letter.payload);
      if (answer !== 'sent') return Promise.resolve(answer);
      dead.delete(id);
      return Promise.resolve('replayed');
    },

    async dropDeadLetters(instanceId, ids) {
      const { dead } = boxOf(instanceId);
      return Promise.resolve(ids.filter((id) => dead.delete(id)).length);
    },
  };
}

async function* readBox(
  box: Box,
  clock: Clock,
  options: MemoryInboxOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly InboxEntry[], void> {
  const { count, dlq, reclaimIdleMs } = options;
  // What an earlier reader left comes first, however short ago it was delivered.
  yield* deliverAgain(box, clock, options, 0);
  let nextScanAt = clock.monotonic() + dlq.scanIntervalMs;
  while (!signal.aborted) {
    if (clock.monotonic() >= nextScanAt) {
      nextScanAt = clock.monotonic() + dlq.scanIntervalMs;
      yield* deliverAgain(box, clock, options, reclaimIdleMs);
      continue;
    }
    const fresh = [...box.entries.values()].filter(({ deliveries }) => deliveries === 0);
    const delivered = deliver(box, clock, options, fresh.slice(0, count));
    if (delivered.length > 0) yield delivered;
    else if (fresh.length === 0) await newEntryOr(box, clock, nextScanAt - clock.monotonic(), signal);
  }
}

function* deliverAgain(
  box: Box,
  clock: Clock,
  options: MemoryInboxOptions,
  idleMs: number,
): Generator<readonly InboxEntry[], void> {
  const longAgo = clock.monotonic() - idleMs;
  const unanswered = [...box.entries.values()].filter(
    ({ deliveries, deliveredAt }) => deliveries > 0 && deliveredAt <= longAgo,
  );
  for (let i = 0; i < unanswered.length; i += options.count) {
    const together = unanswered.slice(i, i + options.count).filter(({ id }) => box.entries.has(id));
    const delivered = deliver(box, clock, options, together);
    if (delivered.length > 0) yield delivered;
  }
}

/** Delivers entries; poison and undecodable ones go to the dead letters instead. */
function deliver(
  box: Box,
  clock: Clock,
  { dlq }: MemoryInboxOptions,
  entries: readonly Entry[],
): InboxEntry[] {
  const now = clock.monotonic();
  return entries.flatMap((entry): InboxEntry[] => {
    const { id, payload, sentAt, deliveries } = entry;
    const poison = dlq.enabled && deliveries >= dlq.maxDeliveries && now - sentAt >= dlq.minIdleMs;
    const decoded = decodeHints(payload);
    if (!decoded.ok || poison) {
      const reason = decoded.ok ? 'max_deliveries' : `undecodable: ${decoded.reason}`;
      bury(box, entry, dlq.enabled, { reason, movedAtMs: clock.now() });
      return [];
    }
    entry.deliveries += 1;
    entry.deliveredAt = now;
    return [{ id, hints: decoded.hints, again: deliveries > 0 }];
  });
}

/** The oldest entries for a reaper; undecodable ones go to the dead letters. */
function salvage(box: Box, clock: Clock, { dlq }: MemoryInboxOptions, limit: number): InboxEntry[] {
  return [...box.entries.values()].slice(0, limit).flatMap((entry): InboxEntry[] => {
    const decoded = decodeHints(entry.payload);
    if (decoded.ok) return [{ id: entry.id, hints: decoded.hints, again: true }];
    bury(box, entry, dlq.enabled, { reason: `undecodable: ${decoded.reason}`, movedAtMs: clock.now() });
    return [];
  });
}

function bury(
  box: Box,
  { id, payload, deliveries }: Entry,
  keep: boolean,
  why: { reason: string; movedAtMs: number },
): void {
  box.entries.delete(id);
  const source = { sourceStream: `memory:${box.source}`, sourceId: id };
  if (keep) box.dead.set(id, { id, payload, deliveries, ...source, ...why });
}

/** Resolves when something was sent, the time is over, or the signal aborts. */
function newEntryOr(box: Box, clock: Clock, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      box.wake = () => undefined;
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(waitMs, done);
    box.wake = done;
    signal.addEventListener('abort', done, { once: true });
  });
}
