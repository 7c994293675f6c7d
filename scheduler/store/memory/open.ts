/**
 * The store in memory: for one instance without Redis (`phase2.enabled = false`), where nothing outlives the process, and
 * for tests, which move its clock.
 */
import type { Clock } from '../../../common/clock.ts';
import type { Store } from '../store.ts';
import { createMemoryInbox, type MemoryInbox, type MemoryInboxOptions } from './inbox.ts';
import { createMemoryInstances, type MemoryInstances } from './instances.ts';
import { createMemoryJobs, type MemoryJobs } from './jobs.ts';
import { createMemoryNodes } from './nodes.ts';
import { createMemorySessions } from './sessions.ts';

export interface MemoryStore extends Store {
  readonly inbox: MemoryInbox;
}

const defaultInbox: MemoryInboxOptions = {
  count: 64,
  maxLength: 10_000,
  reclaimIdleMs: 5000,
  dlq: { enabled: true, maxDeliveries: 10, minIdleMs: 60_000, scanIntervalMs: 5000 },
};

export function openMemoryStore(options: { clock: Clock; inbox?: MemoryInboxOptions }): MemoryStore {
  const { clock, inbox = defaultInbox } = options;
  const sessions = createMemorySessions(clock, (sessionId) => jobs.openOf(sessionId));
  const jobs: MemoryJobs = createMemoryJobs(clock, sessions, (instanceId, hint) =>
    boxes.deliver(instanceId, [hint]),
  );
  const boxes = createMemoryInbox(clock, inbox, {
    hasOwner: (instanceId) => instances.hasOwner(instanceId),
    isReapedBy: (instanceId, reaper) => instances.isReapedBy(instanceId, reaper),
  });
  const instances: MemoryInstances = createMemoryInstances(clock, boxes.leftovers);
  return {
    sessions,
    jobs,
    nodes: createMemoryNodes(clock),
    instances,
    inbox: boxes,
    examine: () => Promise.resolve({ kind: 'memory', mode: 'none', servers: [] }),
    onReconnect: () => undefined,
    ping: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}
