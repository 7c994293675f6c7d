/**
 * One scheduler instance, put together: which part knows which. Nothing here runs yet; `start.ts` sets it going in order.
 *
 *   edge     sockets                      desk     sessions of this instance and their jobs
 *   floor    nodes of this instance       fleet    lease, presence, hints, view of all nodes
 *   store    the truth all instances share
 */
import { Registry } from 'prom-client';
import type { Logger } from 'pino';
import type { Clock, Random } from '../common/clock.ts';
import { AppError } from '../common/errors.ts';
import type { Config } from './config/schema.ts';
import { Desk } from './desk/desk.ts';
import { SessionPeer } from './desk/peer.ts';
import { createPlacer } from './desk/placer.ts';
import { Drain } from './drain.ts';
import { Edge } from './edge/edge.ts';
import { openFilesLimit } from './edge/open-files.ts';
import { Lease, type LeaseIdentity } from './fleet/lease.ts';
import { NodeDirectory } from './fleet/node-directory.ts';
import { createNodeLookup } from './fleet/node-lookup.ts';
import { createPost, type HintHandler } from './fleet/post.ts';
import { createRenewals } from './fleet/renewals.ts';
import { watchStoreHealth } from './fleet/store-health.ts';
import { openFloor } from './floor/open.ts';
import { NodePeer } from './floor/peer.ts';
import { createHintHandler } from './hint-handler.ts';
import { watchLoopDelay } from './loop-delay.ts';
import { createMetrics, touchSeries, type Metrics } from './metrics.ts';
import { closeCodes } from './protocol/close-codes.ts';
import { RouteProbe } from './probe/probe.ts';
import { createReadiness } from './readiness.ts';
import type { Retry } from './retry.ts';
import * as settings from './settings.ts';
import { Activity } from './surfaces/activity.ts';
import { openMemoryStore } from './store/memory/open.ts';
import { openRedisStore } from './store/redis/open.ts';
import type { PresenceRecord, Store } from './store/store.ts';

export interface InstanceOptions {
  readonly config: Config;
  readonly identity: LeaseIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Aborts when the instance is about to be closed: loops end, and nothing is asked for again. */
  readonly signal: AbortSignal;
  /** Who this process is, for people. */
  readonly presence: Omit<PresenceRecord, 'state'>;
  /** Another store than the configured one: several instances of one process can share it. */
  readonly store?: Store;
}

export type Instance = ReturnType<typeof createInstance>;

export function createInstance(options: InstanceOptions) {
  const base = createBase(options);
  const lease: Lease = createLease(base, {
    onLost: () => {
      work.desk.abandon();
      work.floor.abandon();
      front.edge.closeAll(closeCodes.superseded);
    },
    onRegained: () => {
      work.floor.reassert();
      void front.renewals.now().then(() => {
        work.desk.recheck();
      });
    },
  });
  const work = createWork(base, lease, () => front.drain.active);
  const front = createFront(base, lease, work);
  return { ...base, lease, ...work, ...front };
}

/** What every part stands on. */
function createBase(options: InstanceOptions) {
  const { config, identity, clock, random, signal } = options;
  const registry = new Registry();
  const metrics = createMetrics(registry);
  touchSeries(metrics);
  const retry: Retry = { clock, random, signal };
  return {
    ...options,
    instanceId: identity.instanceId,
    core: config.scheduler.core_services,
    beat: settings.cadence(config),
    registry,
    metrics,
    activity: new Activity(metrics.jobSeconds.bounds),
    retry,
    store: options.store ?? openStore(options, metrics),
    directory: new NodeDirectory(settings.poolOf(config)),
    loopDelayMs: watchLoopDelay(clock, signal),
  };
}
type Base = ReturnType<typeof createBase>;

function openStore({ config, clock, random, log }: InstanceOptions, metrics: Metrics): Store {
  if (!config.scheduler.phase2.enabled) return openMemoryStore({ clock });
  const observe = (op: string, result: 'ok' | 'err', seconds: number) => {
    metrics.redisOps.inc({ op, result });
    metrics.redisOpSeconds.observe({ op }, seconds);
    if (op === 'dead_letter') metrics.dlqMoved.inc();
  };
  return openRedisStore({ ...settings.redisOptions(config), clock, random, log, observe });
}

function createLease(base: Base, events: { onLost: () => void; onRegained: () => void }): Lease {
  const { retry, store, identity, beat, log, metrics } = base;
  return new Lease({
    ...retry,
    ...events,
    instances: store.instances,
    identity,
    ttlMs: beat.leaseMs,
    log,
    metrics,
  });
}

/** Desk and floor, and the hints between them and to other instances. */
function createWork(base: Base, lease: Lease, isDraining: () => boolean) {
  const { instanceId, config, store, directory, retry, log, metrics } = base;

  /** Nothing has an effect while another process may be this instance. */
  const handle: HintHandler = (hint, again) => {
    if (!lease.held) throw new AppError('unavailable', 'the lease is not held');
    return onHint(hint, again);
  };
  const post = createPost({ ...retry, instanceId, inbox: store.inbox, local: handle, log, metrics });
  const { resource_threshold: resourceThreshold } = config.scheduler.load_balancer;
  const placer = createPlacer({ ...base, limits: { resourceThreshold } });
  const { sessions, jobs } = store;
  const limits = settings.deskLimits(config);
  const desk = new Desk({ ...base, sessions, jobs, placer, post, limits });
  const onCapacity = () => {
    desk.nodesChanged();
  };
  const lookup = createNodeLookup({ ...base, nodes: store.nodes, onChange: onCapacity });
  const floor = openFloor({ ...base, epoch: () => lease.epoch, post, lookup, onCapacity });
  const probe = new RouteProbe({ ...base, isDraining });
  const onHint = createHintHandler({ desk, floor, directory, lookup, probe, instanceId });
  return { post, placer, desk, floor, lookup, probe, handle };
}

/** What faces the world: sockets, readiness, presence, and the way out. */
function createFront(base: Base, lease: Lease, { desk, floor }: ReturnType<typeof createWork>) {
  const { config, store, beat, clock, signal } = base;
  const state = { started: false };
  const drain = new Drain({
    ...base,
    ...settings.drainTiming(config),
    desk,
    floor,
    connections: () => edge.count('session') + edge.count('node'),
    onBegin: () => void renewals.now(),
  });
  const renewals = createRenewals({
    ...base,
    instances: store.instances,
    presence: () => ({ ...base.presence, state: drain.active ? 'draining' : 'serving' }),
    presenceMs: beat.presenceMs,
    intervalMs: beat.renewMs,
    holders: [desk, floor],
  });
  const edge: Edge = new Edge({
    ...base,
    limits: settings.edgeLimits(config, openFilesLimit()),
    refusal: () => {
      if (!state.started) return 'starting';
      if (drain.refusing) return 'draining';
      return lease.held ? undefined : 'lease not held';
    },
    peer: {
      session: (connection) => new SessionPeer(connection, { ...base, desk }),
      node: (connection) => new NodePeer(connection, { ...base, floor }),
    },
  });
  const ping = () => store.ping();
  const asked = { ping, logins: store.logins };
  const storeHealth = watchStoreHealth({ ...asked, clock, log: base.log, intervalMs: beat.pingMs }, signal);
  const readiness = createReadiness({
    started: () => state.started,
    draining: () => drain.active,
    leaseHeld: () => lease.held,
    storeHealth,
  });
  /** The start-up is over: from now on connections are taken. */
  const serve = () => {
    state.started = true;
  };
  return { drain, renewals, edge, storeHealth, readiness, serve };
}
