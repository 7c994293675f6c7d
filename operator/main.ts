/** The operator as a process: flags, signals, credentials, probes. What it does is in operator.ts. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { systemClock, systemRandom } from '../common/clock-system.ts';
import { toAppError } from '../common/errors.ts';
import { closeServer, createHttpServer, listen } from '../common/http.ts';
import { Lifecycle } from '../common/lifecycle.ts';
import { createLogger, logOptions, type Logger } from '../common/log.ts';
import { exitCodes, stopOnSignals } from '../common/signals.ts';
import { version } from '../common/version.ts';
import { environment } from '../common/workload.ts';
import { managedBy } from './api/labels.ts';
import { parseFlags, usage, type Flags } from './flags.ts';
import { operatorRoutes } from './http.ts';
import { createAdminClient } from './instances/admin-client.ts';
import { kubeconfigLogin } from './kube/credentials.ts';
import { connectAs, type KubeClient } from './kube/http-client.ts';
import { clientMetrics } from './kube/metrics.ts';
import { podLogin } from './kube/pod-login.ts';
import { startOperator, type Operator } from './operator.ts';

const clock = systemClock;
const random = systemRandom;

/** In seconds a pass in hand ends; events and the Lease take two requests. The Deployment grants more than this. */
const graceMs = 15_000;

/** The host is the pod; the random part tells this process from an earlier one in the same pod. */
const identity = `${hostname()}_${random.id().slice(0, 8)}`;

async function main(): Promise<void> {
  if (process.argv[2] === 'validate') {
    process.exitCode = await runValidate(process.argv.slice(3));
    return;
  }
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

/** Loaded only now, so that the operator itself does not carry the definition and the language of its rules. */
async function runValidate(args: readonly string[]): Promise<number> {
  const { validate } = await import('./validate/command.ts');
  // Whoever reads the lines has read enough of them.
  process.stdout.on('error', () => process.exit(exitCodes.unclean));
  return validate(args, {
    read: (file) => (file === '-' ? text(process.stdin) : readFile(file, 'utf8')),
    print: (line) => process.stdout.write(`${line}\n`),
    note: (line) => process.stderr.write(`${line}\n`),
  });
}

async function start(flags: Flags, lifecycle: Lifecycle, log: Logger): Promise<void> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const kube = await connectTo(flags, registry, log);
  lifecycle.onStop('api client', () => kube.close());
  const admin = createAdminClient({ clock });
  lifecycle.onStop('admin client', () => admin.close());
  const { namespaces, concurrency, runbookUrl } = flags;
  const election = {
    lease: { namespace: flags.leaderNamespace ?? kube.namespace, name: managedBy },
    onLost: () => {
      if (lifecycle.phase === 'ready') void endAfterLoss(lifecycle);
    },
  };
  const operator = startOperator({
    ...{
      kube,
      admin,
      namespaces,
      concurrency,
      runbookUrl,
      identity,
      clock,
      random,
      log,
      registry,
      lifecycle,
    },
    ...(flags.leaderElect ? { election } : {}),
  });
  const port = await serve(flags, operator, { registry, lifecycle, log });
  log.info({ port, namespaces: namespaces.length === 0 ? 'all' : namespaces }, 'watching');

  if (!(await operator.synced)) return;
  lifecycle.ready();
  operator.work();
}

/** In a pod it needs no kubeconfig; the library that reads one is large, and is loaded only where there is one. */
async function connectTo({ kubeconfig }: Flags, registry: Registry, log: Logger): Promise<KubeClient> {
  const options = {
    fieldManager: managedBy,
    userAgent: `${managedBy}/${version}`,
    requestTimeoutMs: 15_000,
    clock,
    random,
    log,
    observe: clientMetrics(registry),
  };
  const hasKubeconfig = kubeconfig !== undefined || Boolean(process.env['KUBECONFIG']);
  const ofPod = hasKubeconfig ? undefined : podLogin(process.env, clock);
  if (ofPod) return connectAs({ ...options, login: ofPod });
  const { readKubeconfig } = await import('./kube/kubeconfig.ts');
  const source = kubeconfig === undefined ? {} : { kubeconfig };
  return connectAs({ ...options, login: kubeconfigLogin(() => readKubeconfig(source), clock) });
}

interface Process {
  readonly lifecycle: Lifecycle;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Probes answer before the caches are filled, or a slow API server would look like a dead operator. */
async function serve(
  flags: Flags,
  operator: Operator,
  { registry, lifecycle, log }: Process,
): Promise<number> {
  const health = {
    unsynced: () => operator.unsynced(),
    isStopping: () => lifecycle.phase === 'draining' || lifecycle.phase === 'stopped',
  };
  const server = createHttpServer(operatorRoutes(health, registry), log);
  const host = process.env[environment.bindAddress] ?? '0.0.0.0';
  const port = await listen(server, { host, port: flags.metricsPort });
  lifecycle.onStop('http', () => closeServer(server));
  return port;
}

async function endAfterLoss(lifecycle: Lifecycle): Promise<void> {
  await lifecycle.stop('the lead was lost').catch(() => undefined);
  process.exit(exitCodes.unclean);
}

main().catch((error: unknown) => {
  process.stderr.write(`${toAppError(error).message}\n`);
  process.exit(toAppError(error).code === 'config' ? exitCodes.config : exitCodes.unclean);
});
