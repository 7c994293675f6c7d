/** Looks at this instance every two seconds, and tells the fleet what it sees. */
import type { Instance } from '../instance.ts';
import type { Tally } from '../series.ts';
import { publishedNotable, sampleMs, type Sample } from './activity.ts';
import type { Figures } from './figures.ts';

/** Figures of an instance that stopped publishing are soon gone. */
const publishedForMs = 5 * sampleMs;

export interface Publisher {
  /** What is published, as of now. */
  readonly figures: () => Figures;
  /** Ends when the signal aborts. */
  keep(signal: AbortSignal): Promise<void>;
}

export function createPublisher(instance: Instance): Publisher {
  const { store, clock, instanceId, lease, activity, log } = instance;
  let failing = false;

  const figures = () => figuresOf(instance);

  async function publish(): Promise<void> {
    activity.take(sampleOf(instance));
    // A process that is not the instance must not speak for it.
    if (!lease.held) return;
    try {
      await store.instances.publish(instanceId, JSON.stringify(figures()), publishedForMs);
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'figures could not be published; trying again');
      failing = true;
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    activity.note('info', 'instance started', clock.now());
    while (!signal.aborted) {
      await publish();
      await clock.sleep(sampleMs, signal);
    }
  }

  return { figures, keep };
}

function sampleOf({
  clock,
  lease,
  drain,
  storeHealth,
  directory,
  desk,
  metrics,
  instanceId,
}: Instance): Sample {
  const { reachable, error } = storeHealth();
  const status = new Map([...metrics.jobs.sums()].map(({ labels, value }) => [labels.status, value]));
  const jobs = (name: string) => status.get(name) ?? 0;
  const { waiting, running } = desk.jobCounts;
  return {
    nowMs: clock.now(),
    monotonicMs: clock.monotonic(),
    leaseHeld: lease.held,
    draining: drain.active,
    redis: { reachable, error },
    nodes: new Map(
      directory.nodes
        .filter((node) => node.instanceId === instanceId)
        .map((node) => [node.nodeId, node.status]),
    ),
    counted: {
      dead_letters: sumOf(metrics.dlqMoved),
      swept: sumOf(metrics.swept),
      refused: sumOf(metrics.overloadRefused),
      timeout: jobs('timeout'),
      unavailable: jobs('unavailable'),
      failed: jobs('failed'),
    },
    ended: jobs('completed') + jobs('failed') + jobs('timeout') + jobs('unavailable'),
    delivered: metrics.jobSeconds.counts({ stage: 'delivered' }),
    waiting,
    running,
  };
}

function figuresOf(instance: Instance): Figures {
  const { activity, clock, presence, drain, desk, floor, storeHealth, loopDelayMs } = instance;
  const { waiting, running } = desk.jobCounts;
  return {
    published_at_ms: clock.now(),
    hostname: presence.hostname,
    pid: presence.pid,
    state: drain.active ? 'draining' : 'serving',
    sessions: desk.sessionCount,
    sessions_detached: desk.detachedCount,
    nodes: floor.connectedCount,
    waiting,
    running,
    jobs_per_second: activity.jobsPerSecond,
    latency: activity.latency,
    redis_round_trip_ms: storeHealth().roundTripMs,
    loop_delay_ms: Math.round(loopDelayMs()),
    history: activity.history,
    notable: activity.notable.slice(-publishedNotable),
  };
}

function sumOf<Label extends string>(tally: Tally<Label>): number {
  let sum = 0;
  for (const { value } of tally.sums()) sum += value;
  return sum;
}
