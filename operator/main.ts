/**
 * The operator. Wiring only; the way of a change through it:
 *
 *   watches.ts       caches of clusters and of what they own; a change becomes the key of a cluster
 *   kube/queue.ts    keys that want a look
 *   reconcile/       one look: gather, decide, act in ordered steps, report
 *   instances/       asks the schedulers themselves, and wants a look when they say something new
 */
import { hostname } from 'node:os';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { systemClock, systemRandom } from '../common/clock-system.ts';
import { toAppError } from '../common/errors.ts';
import { closeServer, createHttpServer, listen } from '../common/http.ts';
import { Lifecycle } from '../common/lifecycle.ts';
import { createLogger, logOptions, type Logger } from '../common/log.ts';
import { exitCodes, stopOnSignals } from '../common/signals.ts';
import { version } from '../common/version.ts';
import { environment } from '../common/workload.ts';
import { group } from './api/group.ts';
import { managedBy } from './api/labels.ts';
import { parseFlags, usage, type Flags } from './flags.ts';
import { operatorRoutes } from './http.ts';
import { createAdminClient } from './instances/admin-client.ts';
import { Instances } from './instances/instances.ts';
import { connect, type KubeClient } from './kube/client.ts';
import { createEventRecorder, type EventRecorder } from './kube/events.ts';
import { Election } from './kube/leader.ts';
import { queueMetrics } from './kube/metrics-queue.ts';
import { clientMetrics, electionMetrics, recorderMetrics, reflectorMetrics } from './kube/metrics.ts';
import { WorkQueue } from './kube/queue.ts';
import { createOperatorMetrics } from './metrics.ts';
import { OwnWrites } from './reconcile/own-writes.ts';
import { createReconciler, nextLookMs } from './reconcile/reconcile.ts';
import { startWatches, type Watches } from './watches.ts';

const clock = systemClock;
const random = systemRandom;

/** In seconds a pass in hand ends; events and the Lease take two requests. The Deployment grants more than this. */
const graceMs = 15_000;

/** The host is the pod; the random part tells this process from an earlier one in the same pod. */
const identity = `${hostname()}_${random.id().slice(0, 8)}`;

async function main(): Promise<void> {
  const flags = parseFlags(process.argv.slice(2));
  if (flags.help || flags.version) {
    process.stdout.write(flags.help ? usage : `${version}\n`);
    return;
  }
  const log = createLogger({ version }, logOptions(process.env, process.stdout.isTTY));
  const lifecycle = new Lifecycle({ clock, log, graceMs });
  stopOnSignals(lifecycle, log);
  try {
    await start(flags, lifecycle, log);
  } catch (error) {
    log.fatal({ err: error }, 'cannot start');
    await lifecycle.stop('failed start').catch(() => undefined);
    process.exit(toAppError(error).code === 'config' ? exitCodes.config : exitCodes.unclean);
  }
}

async function start(flags: Flags, lifecycle: Lifecycle, log: Logger): Promise<void> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { namespaces } = flags;
  const base = { clock, random, log };
  const wake = (key: string) => {
    queue.add(key);
  };
  const kube = connectTo(flags, registry, log);
  lifecycle.onStop('api client', () => kube.close());
  const events = recordEvents(kube, registry, log);
  lifecycle.onStop('events', () => events.flush());
  const instances = askInstances(wake, lifecycle);
  const ownWrites = new OwnWrites(clock);
  const metrics = reflectorMetrics(registry);
  const watches = startWatches({ kube, namespaces, wake, ownWrites, metrics, ...base });
  lifecycle.onStop('watches', () => {
    watches.stop();
  });
  const { caches } = watches;
  const deps = { ...base, kube, caches, ownWrites, instances, events };
  const look = createReconciler({ ...deps, metrics: createOperatorMetrics(registry) });
  const queue = new WorkQueue({
    ...base,
    workers: flags.concurrency,
    work: async (key) => {
      const againInMs = nextLookMs(await look(key));
      return againInMs === undefined ? {} : { againInMs };
    },
    metrics: queueMetrics(registry)('schedulercluster', flags.concurrency),
  });
  const port = await serve(flags, watches, { registry, lifecycle, log });
  log.info({ port, namespaces: namespaces.length === 0 ? 'all' : namespaces }, 'watching');

  if (!(await watches.synced)) return;
  lifecycle.ready();
  const work = () => {
    queue.start();
  };
  lead(flags, kube, { lifecycle, log, registry, work });
  // Registered last, so it ends first: the pass in hand may still write.
  lifecycle.onStop('queue', () => queue.stop());
}

function connectTo(flags: Flags, registry: Registry, log: Logger): KubeClient {
  return connect({
    ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
    fieldManager: managedBy,
    userAgent: `${managedBy}/${version}`,
    requestTimeoutMs: 15_000,
    clock,
    random,
    log,
    observe: clientMetrics(registry),
  });
}

function recordEvents(kube: KubeClient, registry: Registry, log: Logger): EventRecorder {
  const metrics = recorderMetrics(registry);
  return createEventRecorder({
    kube,
    controller: `${group}/operator`,
    instance: identity,
    clock,
    log,
    metrics,
  });
}

function askInstances(wake: (key: string) => void, lifecycle: Lifecycle): Instances {
  const client = createAdminClient({ clock });
  lifecycle.onStop('admin client', () => client.close());
  const instances = new Instances({ client, clock, random, wake });
  lifecycle.onStop('instances', () => {
    instances.stop();
  });
  return instances;
}

interface Process {
  readonly lifecycle: Lifecycle;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Probes answer before the caches are filled, or a slow API server would look like a dead operator. */
async function serve(flags: Flags, watches: Watches, { registry, lifecycle, log }: Process): Promise<number> {
  const health = {
    unsynced: () => watches.unsynced(),
    isStopping: () => lifecycle.phase === 'draining' || lifecycle.phase === 'stopped',
  };
  const server = createHttpServer(operatorRoutes(health, registry), log);
  const host = process.env[environment.bindAddress] ?? '0.0.0.0';
  const port = await listen(server, { host, port: flags.metricsPort });
  lifecycle.onStop('http', () => closeServer(server));
  return port;
}

/** Works at once without an election. A process that has lost the lead ends: it may not know what the next leader did. */
function lead(
  flags: Flags,
  kube: KubeClient,
  { lifecycle, log, registry, work }: Process & { work: () => void },
): void {
  if (!flags.leaderElect) {
    work();
    return;
  }
  const election = new Election({
    kube,
    lease: { namespace: flags.leaderNamespace ?? kube.namespace, name: managedBy },
    identity,
    clock,
    random,
    log,
    onLeading: (lost) => {
      lost.addEventListener('abort', () => {
        if (lifecycle.phase === 'ready') void endAfterLoss(lifecycle);
      });
      work();
    },
    metrics: electionMetrics(registry, managedBy),
  });
  lifecycle.onStop('lease', () => election.stop());
}

async function endAfterLoss(lifecycle: Lifecycle): Promise<void> {
  await lifecycle.stop('the lead was lost').catch(() => undefined);
  process.exit(exitCodes.unclean);
}

main().catch((error: unknown) => {
  process.stderr.write(`${toAppError(error).message}\n`);
  process.exit(toAppError(error).code === 'config' ? exitCodes.config : exitCodes.unclean);
});
