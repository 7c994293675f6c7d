/** Everything of an instance that goes on by itself, until its signal aborts. A loop that fails has a bug, and is reported. */
import type { Clock } from '../common/clock.ts';
import { rescue, sweepOverdue } from './desk/sweeper.ts';
import { readInbox } from './fleet/inbox-reader.ts';
import { watchNodes } from './fleet/node-watch.ts';
import { careForOrphans } from './fleet/orphans.ts';
import { watchPeers } from './fleet/peers.ts';
import { reapDead } from './fleet/reaper.ts';
import type { Instance } from './instance.ts';
import * as settings from './settings.ts';
import type { InboxStats, OpenJobRecord } from './store/store.ts';

export function startLoops(instance: Instance, signal: AbortSignal, onFatal: (error: unknown) => void): void {
  const { store, floor, renewals, lease, beat, log, clock } = instance;
  store.onReconnect(() => {
    log.info('the store is back: renewing what is ours');
    lease.renewSoon();
    void renewals.now();
  });
  const loops = [
    followNodes(instance, signal),
    followPeers(instance, signal),
    reap(instance, signal, onFatal),
    renewals.keep(signal),
    readInbox({ ...instance, inbox: store.inbox }, signal),
    sweep(instance, signal),
    every(clock, beat.nodeScanMs, signal, () => {
      floor.tick();
    }),
    forgetStaleNodes(instance, signal),
    instance.edge.watchUnread(signal),
  ];
  for (const loop of loops) loop.catch(onFatal);
  // Jobs of our last life: it may have ended so recently that nobody has noticed.
  careFor(instance.instanceId, instance, signal).catch(onFatal);
  log.debug({ loops: loops.length }, 'loops started');
}

/** The jobs of an instance that died, ourselves included, go to other nodes. */
function careFor(owner: string, instance: Instance, signal: AbortSignal): Promise<void> {
  const { store, config, desk, floor, beat } = instance;
  const { jobs } = store;
  const limits = settings.deskLimits(config);
  return careForOrphans(
    owner,
    {
      ...instance,
      jobs,
      rescue: (job) => rescue(job, { ...instance, jobs, limits }),
      isCaredFor: ({ jobId, target }: OpenJobRecord) =>
        desk.owns(jobId) || (target !== undefined && floor.runs(target.nodeId, jobId)),
      forMs: beat.pendingMs,
    },
    signal,
  );
}

function followNodes(instance: Instance, signal: AbortSignal): Promise<void> {
  const { store, desk, floor, renewals, beat } = instance;
  return watchNodes(
    {
      ...instance,
      nodes: store.nodes,
      intervalMs: beat.refreshMs,
      fullEveryMs: beat.fullReadMs,
      onChange: () => {
        desk.nodesChanged();
      },
      onElsewhere: ({ nodeId }) => {
        floor.elsewhere(nodeId);
        // One that is connected here may have moved, or the news is old: only the claim in the store can tell.
        if (floor.holds(nodeId)) void renewals.now();
      },
    },
    signal,
  );
}

function followPeers(instance: Instance, signal: AbortSignal): Promise<void> {
  const onGone = (gone: string, epoch: number) => {
    instance.activity.note('warn', `instance ${gone} is gone`, instance.clock.now(), { common: true });
    forgetNodesOf(gone, instance, epoch);
  };
  const onReturned = (peer: string) => {
    instance.desk.instanceReturned(peer);
  };
  const { instances } = instance.store;
  const intervalMs = instance.beat.peersMs;
  return watchPeers({ ...instance, instances, intervalMs, onGone, onReturned }, signal);
}

function reap(instance: Instance, signal: AbortSignal, onFatal: (error: unknown) => void): Promise<void> {
  const { store, lease, beat } = instance;
  return reapDead(
    {
      ...instance,
      instances: store.instances,
      inbox: store.inbox,
      nodes: store.nodes,
      token: () => lease.token,
      intervalMs: beat.peersMs / 2,
      graceMs: beat.reaperGraceMs,
      reapingMs: beat.leaseMs,
      onDead: (dead) => {
        forgetNodesOf(dead, instance);
        careFor(dead, instance, signal).catch(onFatal);
      },
    },
    signal,
  );
}

function forgetNodesOf(gone: string, { directory, desk }: Instance, epoch?: number): void {
  directory.removeInstance(gone, epoch);
  desk.instanceGone(gone);
}

function sweep(instance: Instance, signal: AbortSignal): Promise<void> {
  const { store, desk, config, beat } = instance;
  const limits = { ...settings.deskLimits(config), sweepIntervalMs: beat.sweepMs };
  const owns = (jobId: string) => desk.owns(jobId);
  return sweepOverdue({ ...instance, jobs: store.jobs, owns, limits }, signal);
}

/** Nodes that were never removed because their instance died; every instance looks, seldom. */
async function forgetStaleNodes(
  { beat, store, clock, random, log }: Instance,
  signal: AbortSignal,
): Promise<void> {
  if (beat.staleMs === 0) return;
  const periodMs = Math.max(5000, beat.staleMs / 10);
  await every(clock, periodMs * (0.5 + random.next()), signal, () => {
    store.nodes.sweepStale(beat.staleMs).catch((error: unknown) => {
      log.warn({ err: error }, 'stale nodes could not be swept');
    });
  });
}

/** The gauges of the inbox are asked for in the background: a scrape must not wait for the store. */
export function watchInbox({
  store,
  instanceId,
  signal,
  beat,
  clock,
}: Instance): () => Pick<InboxStats, 'pending' | 'dlqLength'> {
  let last = { pending: 0, dlqLength: 0 };
  void every(clock, Math.max(1000, beat.pingMs), signal, () => {
    store.inbox.stats(instanceId).then(
      (stats) => {
        last = stats;
      },
      () => undefined,
    );
  });
  return () => last;
}

async function every(clock: Clock, periodMs: number, signal: AbortSignal, action: () => void): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(periodMs, signal);
    action();
  }
}
