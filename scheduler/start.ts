/**
 * Sets an instance going, in order: probes answer first, then the lease is claimed, then the loops run and the inbox is
 * read, then sockets are taken. What is opened here says on the next line how it is closed, and is closed in reverse.
 */
import type { Server } from 'node:http';
import { AppError, toAppError } from '../common/errors.ts';
import { closeServer, createHttpServer, listen } from '../common/http.ts';
import type { Lifecycle } from '../common/lifecycle.ts';
import { adminRoutes } from './edge/admin.ts';
import { adminTokenFrom } from './edge/admin-token.ts';
import { probeRoutes } from './edge/routes.ts';
import { createInstance, type Instance, type InstanceOptions } from './instance.ts';
import { reportOf } from './instance-report.ts';
import { startLoops, watchInbox } from './loops.ts';
import { registerCensus } from './metrics.ts';
import { closeCodes } from './protocol/close-codes.ts';
import { createSurfaces, type Surfaces } from './surfaces/surfaces.ts';

export interface StartOptions extends Omit<InstanceOptions, 'signal'> {
  readonly lifecycle: Lifecycle;
  /** Listening address of every port. */
  readonly host: string;
  readonly adminTokenFile: string | undefined;
  readonly configSha256: string;
  /** Where the Model Hub is, instead of what the configuration says. */
  readonly modelHubUrl?: string | undefined;
  /** The instance cannot go on, and why. */
  readonly onFatal: (error: unknown) => void;
}

export interface Started {
  readonly port: number;
  readonly adminPort: number;
}

/** @throws AppError `config` when the instance id is another process's, `unavailable` when a port cannot be had */
export async function startScheduler(options: StartOptions): Promise<Started> {
  const { config, lifecycle, log, onFatal } = options;
  const running = new AbortController();
  const instance = createInstance({ ...options, signal: running.signal });
  lifecycle.onStop('store', () => instance.store.close());
  const surfaces = createSurfaces(instance, options.modelHubUrl);
  const ports = await openPorts(options, instance, surfaces);
  lifecycle.onStop('lease', () => instance.lease.release());
  lifecycle.onStop('loops', () => {
    running.abort();
  });
  const { phase2 } = config.scheduler;
  if (phase2.enabled) {
    log.info({ instance_id: instance.instanceId, key_prefix: phase2.redis.key_prefix }, 'Phase2 已启用');
  } else log.info('phase2 is off: this instance works alone, in memory');

  await claimLease(instance, options, running);
  if (lifecycle.phase !== 'starting') return ports;
  instance.lease.keep().catch(onFatal);
  startLoops(instance, running.signal, onFatal);
  surfaces.run(running.signal).catch(onFatal);
  instance.serve();
  lifecycle.onStop('sessions', () => instance.desk.leave());
  lifecycle.onStop('drain', (deadline) => drainBefore(deadline, instance));
  lifecycle.ready();
  log.info(ports, 'ready');
  return ports;
}

/** A stop that comes while we wait for the lease ends the waiting. */
async function claimLease(
  { lease }: Instance,
  { lifecycle }: StartOptions,
  running: AbortController,
): Promise<void> {
  const stop = () => {
    running.abort();
  };
  lifecycle.signal.addEventListener('abort', stop, { once: true });
  try {
    await lease.claim();
  } catch (error) {
    if (!lifecycle.signal.aborted) throw error;
  } finally {
    lifecycle.signal.removeEventListener('abort', stop);
  }
}

async function openPorts(options: StartOptions, instance: Instance, surfaces: Surfaces): Promise<Started> {
  const { config, lifecycle, log, host, adminTokenFile, configSha256, presence } = options;
  const { registry, readiness, edge, drain } = instance;
  registerCensus(registry, {
    sessions: () => instance.desk.sessionCount,
    nodes: () => instance.floor.statusCounts,
    jobs: () => instance.desk.jobCounts,
    inbox: watchInbox(instance),
    loopDelay: () => instance.loopDelayMs() / 1000,
  });
  const main = createHttpServer({ ...probeRoutes(readiness, registry), ...surfaces.routes }, log);
  edge.attach(main);
  const port = await open(main, 'http', { host, port: config.server.port }, options);
  const report = (adminToken: string) => {
    const stopped = lifecycle.phase === 'stopped';
    return reportOf(instance, { startedAt: presence.started_at, configSha256, stopped, adminToken });
  };
  const token = adminTokenFrom(adminTokenFile);
  const { podUid } = options.identity;
  const begin = (timeoutSeconds: number | undefined) => {
    void drain.begin(timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000);
  };
  const probe = (target: string) => instance.probe.run(target, readiness.reasons());
  const admin = createHttpServer(adminRoutes({ token, podUid, report, drain: begin, probe }), log);
  const adminPort = await open(admin, 'admin', { host, port: config.admin.port }, options);
  return { port, adminPort };
}

async function open(
  server: Server,
  name: string,
  address: { host: string; port: number },
  { lifecycle, log }: StartOptions,
): Promise<number> {
  const port = await listen(server, address).catch((cause: unknown) => {
    const where = `${address.host}:${String(address.port)} (${name})`;
    throw new AppError('unavailable', `cannot listen on ${where}: ${toAppError(cause).message}`, { cause });
  });
  lifecycle.onStop(`${name} server`, () => closeServer(server));
  log.info({ server: name, host: address.host, port }, 'listening');
  return port;
}

async function drainBefore(deadline: AbortSignal, { drain, edge }: Instance): Promise<void> {
  const expired = new Promise<void>((resolve) => {
    deadline.addEventListener('abort', () => {
      resolve();
    });
  });
  await Promise.race([drain.begin(), expired]);
  edge.closeAll(closeCodes.goingAway);
}
