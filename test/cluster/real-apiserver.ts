/**
 * A real API server on loopback: etcd, kube-apiserver and, when it is there, kube-controller-manager. Everything they need is made
 * at start in a directory of its own: certificates, token keys, data.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock, Random } from '../../common/clock.ts';
import { AppError } from '../../common/errors.ts';
import { connect } from '../../operator/kube/client.ts';
import { createAuthority, createTokenKeys, readPair, type Authority } from './certificates.ts';
import { freePort } from './free-port.ts';
import { kubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { logTail } from './kubelet/logs.ts';
import { ProcessTable, type RunningProcess } from './kubelet/processes.ts';

export interface RealApiServerOptions {
  /** A folder with `kube-apiserver` and perhaps `etcd` and `kube-controller-manager`; etcd may be on the search path instead. */
  readonly assets: string;
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The PATH in which etcd is looked for. */
  readonly path?: string;
}

export interface RealApiServer {
  /** Acts as a member of system:masters. */
  readonly kubeconfig: string;
  /** Whether the real controllers run. */
  readonly hasControllers: boolean;
  /** Signs what the server believes, and what it is asked to be believed by. */
  readonly authority: Authority;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;

export async function startRealApiServer(options: RealApiServerOptions): Promise<RealApiServer> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const programs = new Programs(options, await ProcessTable.open(join(options.directory, 'processes')));
  try {
    const etcd = await startEtcd(options, programs);
    const server = await startServer(options, programs, etcd);
    const hasControllers = await startControllerManager(options, programs, server);
    const { kubeconfig: file, authority } = server;
    return { kubeconfig: file, hasControllers, authority, stop: () => programs.stop() };
  } catch (error) {
    await programs.stop();
    throw error;
  }
}

async function startEtcd(options: RealApiServerOptions, programs: Programs): Promise<string> {
  const client = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  programs.start(etcdProgram(options.assets), 'etcd', [
    ...['--name', 'default', '--data-dir', join(options.directory, 'etcd')],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', `default=${peer}`],
  ]);
  await programs.waitFor('etcd', () => etcdFault(client));
  return client;
}

const etcdProgram = (assets: string): string => {
  const own = join(assets, 'etcd');
  return existsSync(own) ? own : 'etcd';
};

/** Undefined when it is well, else why not. */
async function etcdFault(etcd: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${etcd}/health`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok ? undefined : await answer.text();
  } catch (error) {
    return String(error);
  }
}

interface Server {
  readonly kubeconfig: string;
  readonly authority: Authority;
  readonly tokenKeys: { readonly publicKey: string; readonly privateKey: string };
}

async function startServer(options: RealApiServerOptions, programs: Programs, etcd: string): Promise<Server> {
  const { directory } = options;
  const authority = await createAuthority(directory);
  const addresses = ['127.0.0.1', '10.0.0.1', 'localhost', 'kubernetes.default.svc'];
  const serving = await authority.forServer('kube-apiserver', addresses);
  const toKubelets = await authority.forClient(kubeletClient);
  const tokenKeys = await createTokenKeys(directory);
  const port = await freePort();
  programs.start(join(options.assets, 'kube-apiserver'), 'kube-apiserver', [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${authority.certificate}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${tokenKeys.publicKey}`,
    `--service-account-signing-key-file=${tokenKeys.privateKey}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    `--kubelet-certificate-authority=${authority.certificate}`,
    `--kubelet-client-certificate=${toKubelets.certificate}`,
    `--kubelet-client-key=${toKubelets.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--allow-privileged=true',
    // A loopback address must not stand in the endpoints of the `kubernetes` Service, so nobody writes them.
    '--endpoint-reconciler-type=none',
  ]);
  const file = await writeAdminConfig(directory, authority, `https://127.0.0.1:${port}`);
  await programs.waitFor('kube-apiserver', () => serverFault(file, options));
  return { kubeconfig: file, authority, tokenKeys };
}

/** As whom it asks kubelets for logs. */
const kubeletClient = { name: 'kube-apiserver-kubelet-client', group: 'kube-apiserver' };

async function writeAdminConfig(directory: string, authority: Authority, server: string): Promise<string> {
  const admin = await readPair(await authority.forClient({ name: 'admin', group: 'system:masters' }));
  const certificateAuthority = await readFile(authority.certificate, 'utf8');
  const user = { clientCertificate: admin.certificate, clientKey: admin.key };
  return writeKubeconfig(
    join(directory, 'admin.kubeconfig'),
    kubeconfig({ server, certificateAuthority }, user),
  );
}

/** Undefined when it is ready, else why not. */
async function serverFault(
  file: string,
  { clock, random }: RealApiServerOptions,
): Promise<string | undefined> {
  const client = connect({
    kubeconfig: file,
    fieldManager: 'pocket-cluster',
    userAgent: 'pocket-cluster',
    requestTimeoutMs: 2_000,
    clock,
    random,
  });
  try {
    const { status, body } = await client.raw({ method: 'GET', path: '/readyz' });
    return status === 200 ? undefined : body;
  } catch (error) {
    return String(error);
  } finally {
    await client.close();
  }
}

/** False when the assets have none. */
async function startControllerManager(
  { assets }: RealApiServerOptions,
  programs: Programs,
  { kubeconfig: file, authority, tokenKeys }: Server,
): Promise<boolean> {
  const program = join(assets, 'kube-controller-manager');
  if (!existsSync(program)) return false;
  const port = await freePort();
  programs.start(program, 'kube-controller-manager', [
    `--kubeconfig=${file}`,
    // Nobody is to be let in to its metrics.
    '--authentication-skip-lookup=true',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--leader-elect=false',
    '--use-service-account-credentials=false',
    `--service-account-private-key-file=${tokenKeys.privateKey}`,
    `--root-ca-file=${authority.certificate}`,
  ]);
  return true;
}

/** The programs of one control plane: started in order, ended in reverse. */
class Programs {
  readonly #options: RealApiServerOptions;
  readonly #processes: ProcessTable;
  readonly #running: { name: string; process: RunningProcess; log: string; ended: boolean }[] = [];

  constructor(options: RealApiServerOptions, processes: ProcessTable) {
    this.#options = options;
    this.#processes = processes;
  }

  start(program: string, name: string, args: readonly string[]): void {
    const { directory, path = '/usr/local/bin:/usr/bin:/bin' } = this.#options;
    const log = join(directory, `${name}.log`);
    const process = this.#processes.start({
      argv: [program, ...args],
      environment: { PATH: path, HOME: directory },
      workingDirectory: directory,
      logFile: log,
    });
    const running = { name, process, log, ended: false };
    void process.exited.then(() => (running.ended = true));
    this.#running.push(running);
  }

  /**
   * @param fault undefined when all is well, else what is not
   * Throws `unavailable` with the end of a log when a program dies, `timeout` when it takes too long.
   */
  async waitFor(name: string, fault: () => Promise<string | undefined>): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + startTimeoutMs;
    for (;;) {
      const what = await fault();
      if (what === undefined) return;
      const dead = this.#running.find((running) => running.ended);
      if (dead) throw new AppError('unavailable', `${dead.name} ended at start:\n${await logTail(dead.log)}`);
      if (clock.monotonic() > deadline) throw new AppError('timeout', `${name} is not ready: ${what}`);
      await clock.sleep(100);
    }
  }

  async stop(): Promise<void> {
    const { clock } = this.#options;
    for (const { process } of this.#running.toReversed()) {
      process.signal('SIGTERM');
      await Promise.race([process.exited, clock.sleep(stopTimeoutMs)]);
    }
    await this.#processes.close();
  }
}
