/**
 * What the conformance suite runs against: `KUBECONFIG` names a cluster that runs already, `KUBEBUILDER_ASSETS` a folder with a real
 * kube-apiserver to start; without either it is the pocket cluster. One for each test process, started when first asked
 * for and ended after its last test.
 */
import { execFile, spawn } from 'node:child_process';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { AppError } from '../../common/errors.ts';
import { createLogger } from '../../common/log.ts';
import { startCluster, type Cluster, type ClusterKind } from '../cluster/cluster.ts';
import { images } from '../support/images.ts';

export interface Target {
  readonly kind: ClusterKind;
  /** File with every right. */
  readonly kubeconfig: string;
  /** Reasons to leave tests out, by what they need; false where it is here. */
  readonly lacks: Readonly<Record<'pods' | 'programs' | 'endpoints' | 'logs', string | false>>;
  /** An image in which the command `node` is found. */
  readonly nodeImage: string;
  /** File that acts as `system:serviceaccount:<namespace>:<name>`. */
  kubeconfigFor(user: string): Promise<string>;
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface KubectlOptions {
  /** Given to `-f -`. */
  readonly input?: string;
  /** Acts as this user. */
  readonly as?: string;
  readonly kubeconfig?: string;
  /** Ends kubectl; milliseconds, 60 s when absent. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let started: Promise<Target> | undefined;

export function target(): Promise<Target> {
  started ??= start();
  return started;
}

after(async () => {
  const running = await started?.catch(() => undefined);
  await running?.stop();
});

async function start(): Promise<Target> {
  const program = await findKubectl(process.env['KUBECTL'] ?? 'kubectl');
  const cluster = await startCluster({
    clock: systemClock,
    random: systemRandom,
    log: createLogger({}, { level: process.env['LOG_LEVEL'] === 'debug' ? 'debug' : 'warn', format: 'json' }),
    workingDirectory: process.cwd(),
    images,
    ...given('kubeconfig', 'KUBECONFIG'),
    ...given('assets', 'KUBEBUILDER_ASSETS'),
    ...given('path', 'PATH'),
  });
  return {
    kind: cluster.kind,
    kubeconfig: cluster.kubeconfig,
    lacks: lacksOf(cluster),
    nodeImage: process.env['CONFORMANCE_NODE_IMAGE'] ?? 'node:24-alpine',
    kubeconfigFor: (user) => cluster.kubeconfigFor(user),
    kubectl: (args, options = {}) => kubectl(program, cluster, args, options),
    stop: () => cluster.stop(),
  };
}

/**
 * pods: whether bound pods run. programs: whether ours run in them, and reach what runs on this machine. endpoints: whether a
 * Service may have their addresses. logs: whether the API server can ask for them.
 */
function lacksOf({ kind, kubelet }: Cluster): Target['lacks'] {
  const ours = kubelet !== undefined;
  const image = process.env['CONFORMANCE_NODE_IMAGE'];
  const pods =
    !ours &&
    !image &&
    'the nodes of this cluster need CONFORMANCE_NODE_IMAGE, an image in which `node` is found';
  const loopback = kind !== 'pocket' && ours && kubelet.nodeAddress.startsWith('127.');
  return {
    pods,
    programs:
      !ours &&
      'needs our kubelet, which runs the programs of this repository; this cluster has nodes of its own',
    endpoints:
      pods ||
      (loopback &&
        'a real API server takes no loopback address; others need a network of our own (`unshare`, `ip`)'),
    logs:
      pods || (kind === 'external' && ours && 'this API server does not know the certificate of our kubelet'),
  };
}

function given<K extends string>(option: K, variable: string): { [P in K]?: string } {
  const value = process.env[variable];
  return (value ? { [option]: value } : {}) as { [P in K]?: string };
}

async function findKubectl(program: string): Promise<string> {
  try {
    await promisify(execFile)(program, ['version', '--client']);
    return program;
  } catch (error) {
    const advice = 'install it from https://kubernetes.io/docs/tasks/tools/ or name it in KUBECTL';
    throw new AppError('config', `cannot run '${program}': ${advice}`, { cause: error });
  }
}

function kubectl(
  program: string,
  cluster: Cluster,
  args: readonly string[],
  { input, as, kubeconfig = cluster.kubeconfig, timeoutMs = 60_000 }: KubectlOptions,
): Promise<Answer> {
  const child = spawn(program, [...(as === undefined ? [] : ['--as', as]), ...args], {
    // Its cache of what a server serves goes where the cluster goes.
    env: { PATH: process.env['PATH'], HOME: cluster.directory, KUBECONFIG: kubeconfig },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => stdout.push(data));
  child.stderr.on('data', (data: Buffer) => stderr.push(data));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      const note = signal ? `\nkubectl was ended by ${signal}` : '';
      resolve({ code: code ?? 128, stdout: text(stdout), stderr: text(stderr) + note });
    });
  });
}
