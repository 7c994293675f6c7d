/** What the contract suite needs of a store under test, and how it waits. */
import assert from 'node:assert/strict';
import type { AppError } from '../../common/errors.ts';
import type { Hint } from '../../scheduler/store/hints.ts';
import type { InboxEntry, NewJob, NodeView, Store } from '../../scheduler/store/store.ts';

export interface InboxSettings {
  readonly count: number;
  readonly maxLength: number;
  readonly reclaimIdleMs: number;
  readonly dlq: {
    readonly enabled: boolean;
    readonly maxLength: number;
    readonly maxDeliveries: number;
    readonly minIdleMs: number;
    readonly scanIntervalMs: number;
    readonly scanCount: number;
  };
}

/** The guide's figures for counts, and its times divided by a hundred, so that a test need not wait a minute. */
export const guideScaled: InboxSettings = {
  count: 64,
  maxLength: 10_000,
  reclaimIdleMs: 50,
  dlq: {
    enabled: true,
    maxLength: 10_000,
    maxDeliveries: 10,
    minIdleMs: 600,
    scanIntervalMs: 50,
    scanCount: 100,
  },
};

export interface Harness {
  readonly store: Store;
  /** Lets time pass for the store. */
  readonly advance: (ms: number) => Promise<void>;
  /** Puts an entry with any payload into an inbox, as a faulty writer would. */
  inject(instanceId: string, payload: string): Promise<void>;
  dispose(): Promise<void>;
}

export type Factory = (inbox: InboxSettings) => Promise<Harness>;

/** Runs a test on a fresh store and takes the store away again. */
export type WithStore = (test: (harness: Harness) => Promise<void>, inbox?: InboxSettings) => Promise<void>;

export function withStoreOf(factory: Factory): WithStore {
  return async (test, inbox = guideScaled) => {
    const harness = await factory(inbox);
    try {
      await test(harness);
    } finally {
      abandonReadings();
      await harness.dispose();
    }
  };
}

/** Waits until `condition` holds, letting the store's time pass; fails after twenty seconds of it. */
export async function until(harness: Harness, what: string, condition: () => boolean | Promise<boolean>) {
  for (let waitedMs = 0; waitedMs < 20_000; waitedMs += 10) {
    if (await condition()) return;
    await harness.advance(10);
  }
  assert.fail(`waited in vain for ${what}`);
}

/** A reader of an inbox that runs beside the test. */
export interface Reading {
  readonly entries: InboxEntry[];
  stop(): Promise<void>;
}

const readings = new Set<AbortController>();

/** Stops the readers that a failed test left behind, which would keep the process alive. */
export function abandonReadings(): void {
  for (const stopping of readings) stopping.abort();
  readings.clear();
}

export function startReading(
  { store, advance }: Harness,
  instanceId: string,
  { acknowledge = () => true }: { acknowledge?: (entry: InboxEntry) => boolean } = {},
): Reading {
  const stopping = new AbortController();
  readings.add(stopping);
  const entries: InboxEntry[] = [];
  const loop = async () => {
    for await (const batch of store.inbox.read(instanceId, stopping.signal)) {
      entries.push(...batch);
      const ids = batch.filter(acknowledge).map(({ id }) => id);
      // What could not be acknowledged comes again; that is the reader's business, not this loop's.
      await store.inbox.acknowledge(instanceId, ids).catch((error: unknown) => {
        assert.equal((error as AppError).code, 'unavailable');
      });
    }
  };
  const ended = loop();
  return {
    entries,
    async stop() {
      stopping.abort();
      await advance(0);
      await ended;
    },
  };
}

// Samples. Each takes what a test cares about.

export const capacity = (nodeId: string): Hint => ({ type: 'capacity', node_id: nodeId, from: 'sched-a' });

/** The node ids of `capacity` hints, in order: tests number their hints by them. */
export const numbersOf = (entries: readonly InboxEntry[]): string[] =>
  entries.flatMap(({ hints }) => hints.map((hint) => ('node_id' in hint ? hint.node_id : '')));

export const jobOf = (sessionId: string, fields: Partial<NewJob> = {}): NewJob => ({
  jobId: 'job-1',
  sessionId,
  sessionEpoch: 1,
  utteranceIndex: 0,
  assign: '{"text":"你好"}',
  audio: 'UklGRg==',
  deadlineMs: 10_000,
  keepMs: 60_000,
  ...fields,
});

export const failure = (code: string) =>
  ({ kind: 'failure', code, message: 'no answer', traceId: 'trace-1' }) as const;

export const result = (textTranslated: string) =>
  ({
    kind: 'result',
    textAsr: '你好',
    textTranslated,
    ttsAudio: 'UklGRg==',
    ttsFormat: 'wav',
    extra: { emotion: null },
    traceId: 'trace-1',
  }) as const;

export const viewOf = (nodeId: string, fields: Partial<NodeView> = {}): NodeView => ({
  nodeId,
  instanceId: 'sched-a',
  status: 'ready',
  slots: 4,
  running: 0,
  services: ['node-inference'],
  hasGpu: true,
  acceptsPublicJobs: true,
  cpuPercent: 1,
  gpuPercent: 2,
  memoryPercent: 3,
  ...fields,
});

/** Opens a session of sched-a and returns its epoch. */
export async function openSession(store: Store, sessionId: string, owner = 'sched-a'): Promise<number> {
  const session = { sessionId, owner, attributes: '{}', resumeToken: 'token-1', ttlMs: 60_000 };
  const { epoch } = await store.sessions.open(session);
  return epoch;
}

/** Takes `s-1` or another session over with the token that `openSession` gave it. */
export const takeOver = (store: Store, sessionId: string, owner: string) =>
  store.sessions.takeOver({ sessionId, owner, resumeToken: 'token-1', ttlMs: 60_000 });

/** All dead letters of an instance. */
export const deadLettersOf = (store: Store, instanceId: string) =>
  store.inbox.deadLetters(instanceId, '', 1000);

export async function claimLease(store: Store, instanceId: string, boot = 'boot-1', ttlMs = 60_000) {
  const claimed = await store.instances.claim({ instanceId, boot, podUid: '' }, ttlMs);
  assert.equal(claimed.kind, 'claimed');
  return claimed.token;
}
