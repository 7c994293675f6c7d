/**
 * The operator without its process: everything between the API server and the instances, on the ports it is given.
 *
 *   watches.ts       caches of clusters and of what they own; a change becomes the key of a cluster
 *   kube/queue.ts    keys of clusters that are to be reconciled
 *   reconcile/       one look: gather, decide, act in ordered steps, report
 *   instances/       asks the schedulers themselves, and queues their cluster when they say something new
 *
 * With an election nothing is done before this process leads, and nothing is written after it has lost the lead, whatever
 * it was in the middle of: each write asks once more, at the last moment.
 */
import type { Registry } from 'prom-client';
import type { Clock, Random } from '../common/clock.ts';
import { AppError } from '../common/errors.ts';
import type { Lifecycle } from '../common/lifecycle.ts';
import type { Logger } from '../common/log.ts';
import { group } from './api/group.ts';
import type { AdminClient } from './instances/admin-client.ts';
import { Instances } from './instances/instances.ts';
import type { KubeClient } from './kube/http-client.ts';
import { createEventRecorder } from './kube/events.ts';
import type { ObjectName } from './kube/kube.ts';
import { Election, type ElectionTiming } from './kube/leader.ts';
import { queueMetrics } from './kube/metrics-queue.ts';
import { electionMetrics, recorderMetrics, reflectorMetrics } from './kube/metrics.ts';
import { WorkQueue } from './kube/queue.ts';
import { createOperatorMetrics } from './metrics.ts';
import { AdminTokens } from './reconcile/admin-tokens.ts';
import { OwnWrites } from './reconcile/own-writes.ts';
import { createReconciler, nextLookMs } from './reconcile/reconcile.ts';
import { startWatches, type Watches } from './watches.ts';

export interface OperatorOptions {
  readonly kube: Pick<KubeClient, 'fenced' | 'beside'> & Watched;
  readonly admin: AdminCalls;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** Clusters looked at at the same time, not counting those whose look waits for an answer. */
  readonly concurrency: number;
  /** Where the runbooks of alerts are published, `{alert}` in it for the name. */
  readonly runbookUrl?: string | undefined;
  /** Unlike that of any other process, also of an earlier one in the same pod. */
  readonly identity: string;
  /** Without it, this process works without asking anybody. */
  readonly election?: {
    readonly lease: ObjectName;
    readonly timing?: ElectionTiming;
    /** The process should end: it may not know what the next leader did. */
    readonly onLost: () => void;
  };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly registry: Registry;
  /** Told how everything that is started here is ended. */
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
}

type AdminCalls = Pick<AdminClient, 'ask' | 'drain' | 'probe'>;
type Watched = Pick<KubeClient, 'list' | 'watch'>;

export interface Operator extends Pick<Watches, 'synced' | 'unsynced'> {
  /** Begins to work, once it leads if there is an election. Call when `synced` has resolved. */
  work(): void;
}

export function startOperator(options: OperatorOptions): Operator {
  const { clock, random, log, registry, lifecycle, namespaces, concurrency, runbookUrl } = options;
  const base = { clock, random, log };
  let election: Election | undefined;
  const mayAct = () => options.election === undefined || election?.isLeader === true;
  const kube = options.kube.fenced(mayAct);
  const wake = (key: string) => {
    queue.add(key);
  };
  const events = createEventRecorder({
    ...{ ...base, kube },
    controller: `${group}/operator`,
    instance: options.identity,
    metrics: recorderMetrics(registry),
  });
  const operatorMetrics = createOperatorMetrics(registry);
  const instances = new Instances({
    ...base,
    client: onlyWhile(mayAct, options.admin),
    wake,
    observeRoute: (key, tried) => {
      operatorMetrics.tried(key, tried);
    },
  });
  lifecycle.onStop('instances', () => {
    instances.stop();
  });
  const ownWrites = new OwnWrites(clock);
  const metrics = reflectorMetrics(registry);
  const watches = startWatches({ ...base, kube, namespaces, wake, ownWrites, metrics });
  lifecycle.onStop('watches', () => {
    watches.stop();
  });
  const deps = { ...base, kube, caches: watches.caches, ownWrites, instances, events, runbookUrl };
  const look = createReconciler({ ...deps, adminTokens: new AdminTokens(clock), metrics: operatorMetrics });
  const queue = new WorkQueue({
    ...base,
    workers: concurrency,
    work: async (key) => {
      const againInMs = nextLookMs(await look(key));
      return againInMs === undefined ? {} : { againInMs };
    },
    metrics: queueMetrics(registry)('schedulercluster', concurrency),
  });
  const work = () => {
    if (options.election) election = lead(options, options.election, queue);
    else queue.start();
    // The last one registered ends first: the passes in hand may still write, and what they tell is written before the lease is given
    // back. One that gets no answer is left behind: the next leader need not wait for it, and without the lease it sends no more.
    lifecycle.onStop('events', () => within(patience.eventsMs, events.flush(), clock));
    lifecycle.onStop('queue', () => within(patience.passesMs, queue.stop(), clock));
  };
  return { synced: watches.synced, unsynced: () => watches.unsynced(), work };
}

/** Together well within the grace of the process, so that the lease is given back in any case. */
const patience = { passesMs: 5_000, eventsMs: 3_000 };

async function within(ms: number, end: Promise<void>, clock: Clock): Promise<void> {
  const isOver = new AbortController();
  await Promise.race([end, clock.sleep(ms, isOver.signal)]);
  isOver.abort();
}

function lead(
  { kube, identity, clock, random, log, registry, lifecycle }: OperatorOptions,
  { lease, timing, onLost }: NonNullable<OperatorOptions['election']>,
  queue: WorkQueue,
): Election {
  const election = new Election({
    // However many requests hang, the lead is kept or given back.
    ...{ kube: kube.beside(), lease, identity, clock, random, log },
    ...(timing ? { timing } : {}),
    onLeading: (lost) => {
      lost.addEventListener('abort', onLost);
      queue.start();
    },
    metrics: electionMetrics(registry, lease.name),
  });
  lifecycle.onStop('lease', () => election.stop());
  return election;
}

/** Telling an instance to drain is a write too. */
function onlyWhile(mayAct: () => boolean, admin: AdminCalls): AdminCalls {
  return {
    probe: (...route) => admin.probe(...route),
    ask: (...question) => admin.ask(...question),
    drain: (...order) => {
      if (mayAct()) return admin.drain(...order);
      return Promise.reject(
        new AppError('unavailable', 'this process does not lead; nobody is told to drain'),
      );
    },
  };
}
