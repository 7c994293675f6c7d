/**
 * Real Redis servers for tests: one, or a cluster of three masters with or without replicas. On loopback, on free ports, in a directory of their
 * own, without persistence unless asked for. Only processes started here are ever signalled, and none outlives the test
 * process.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';

const startTimeoutMs = 30_000;
/** A cluster node also listens on its port plus so much. */
const busOffset = 10_000;
const highestPort = 65_000 - busOffset;

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends it at once, as a crash does, and removes its data. */
  stop(): Promise<void>;
  /** A crash and a new start on the same port; `keepData` needs `aof`. */
  restart(options: { keepData: boolean }): Promise<void>;
  /** Ends the process only; `restart` brings it back. */
  kill(): Promise<void>;
  /** Stops the process without ending it: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** From here on its files do not grow, as on a full disk; `false` gives the disk room again. */
  fillDisk(isFull: boolean): void;
  /** While it does not run: the last so many bytes of its append-only log are lost, as in a power failure. */
  cutLog(bytes: number): void;
}

export interface RedisServerOptions {
  readonly aof?: boolean;
  /** Further arguments, such as `['--requirepass', 'secret']`. */
  readonly args?: readonly string[];
}

/** A single server, answering. */
export async function startRedis({ aof = false, args = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-redis-'));
  const port = await freePort();
  const persistence = aof ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const launch = () => launchServer(port, directory, [...persistence, ...args]);
  let server = launch();
  await answering(port, server);

  const kill = async () => {
    server.kill('SIGKILL');
    await exited(server);
  };
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    port,
    kill,
    async stop() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
    async restart({ keepData }) {
      if (keepData && !aof) throw new Error('a Redis without aof has no data to keep');
      await kill();
      if (!keepData) rmSync(path.join(directory, 'appendonlydir'), { recursive: true, force: true });
      server = launch();
      await answering(port, server);
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    fillDisk: (isFull) => {
      const limit = isFull ? '1:unlimited' : 'unlimited';
      execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${limit}`]);
    },
    cutLog: (bytes) => {
      const logs = path.join(directory, 'appendonlydir');
      const newest = readdirSync(logs)
        .filter((name) => name.endsWith('.incr.aof'))
        .sort()
        .at(-1);
      if (newest === undefined) throw new Error('a Redis without aof has no log');
      const file = path.join(logs, newest);
      truncateSync(file, Math.max(0, statSync(file).size - bytes));
    },
  };
}

export interface RedisCluster {
  readonly urls: readonly string[];
  readonly ports: readonly number[];
  stop(): Promise<void>;
  /** Ends one server at once, as a crash does. */
  kill(port: number): Promise<void>;
  /** Brings it back: it knows its place in the cluster, and none of its data. */
  revive(port: number): Promise<void>;
  /** Stops one server without ending it. */
  pause(port: number): void;
  resume(port: number): void;
}

const masterCount = 3;
let shared: Promise<RedisCluster> | undefined;

/** Three masters that share all slots. Forming them takes two seconds, so a test process has one at most. */
export function startRedisCluster(): Promise<RedisCluster> {
  shared ??= formCluster(masterCount, () => (shared = undefined));
  return shared;
}

/** Three masters with a replica each, in sync; nobody else's. */
export function startReplicatedRedisCluster(): Promise<RedisCluster> {
  return formCluster(2 * masterCount);
}

async function formCluster(size: number, onStopped: () => void = () => undefined): Promise<RedisCluster> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-redis-cluster-'));
  const ports = await freePorts(size);
  const launch = (port: number) => launchServer(port, directory, clusterArguments(port));
  const servers = new Map(ports.map((port) => [port, launch(port)]));
  const kill = async (port: number) => {
    const server = servers.get(port)!;
    server.kill('SIGKILL');
    await exited(server);
  };
  const revive = async (port: number) => {
    const server = launch(port);
    servers.set(port, server);
    await answering(port, server);
  };
  const stop = async () => {
    await Promise.all(ports.map(kill));
    rmSync(directory, { recursive: true, force: true });
    onStopped();
  };
  try {
    await Promise.all([...servers].map(([port, server]) => answering(port, server)));
    await joinAll(ports);
  } catch (error) {
    await stop();
    throw error;
  }
  const urls = ports.map((port) => `redis://127.0.0.1:${String(port)}`);
  const pause = (port: number) => void servers.get(port)!.kill('SIGSTOP');
  const resume = (port: number) => void servers.get(port)!.kill('SIGCONT');
  return { ports, urls, stop, kill, revive, pause, resume };
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await freePort();
    if (await isFree(port + busOffset)) ports.add(port);
  }
  return [...ports];
}

const clusterArguments = (port: number): string[] => [
  ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${String(port)}.conf`],
  ...['--cluster-node-timeout', '2000', '--cluster-replica-validity-factor', '0'],
  ...['--appendonly', 'no', '--repl-diskless-sync-delay', '0'],
];

/** The first of them become masters, the rest replicas in the same order. */
async function joinAll(ports: readonly number[]): Promise<void> {
  const servers = ports.map(connect);
  const [masters, replicas] = [servers.slice(0, masterCount), servers.slice(masterCount)];
  try {
    await Promise.all(masters.map((master, i) => addSlots(master, i)));
    for (const server of servers.slice(1)) await server.call('CLUSTER', 'MEET', '127.0.0.1', ports[0] ?? 0);
    await eventually(
      async () => (await Promise.all(servers.map((server) => knowsAll(server, ports.length)))).every(Boolean),
      'formed cluster',
    );
    await Promise.all(replicas.map((replica, i) => follow(replica, masters[i]!)));
  } finally {
    for (const server of servers) server.disconnect();
  }
}

function addSlots(master: Redis, place: number): Promise<unknown> {
  const slots = 16_384;
  const first = Math.ceil((place * slots) / masterCount);
  const last = Math.ceil(((place + 1) * slots) / masterCount) - 1;
  return master.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
}

async function follow(replica: Redis, master: Redis): Promise<void> {
  await replica.call('CLUSTER', 'REPLICATE', String(await master.call('CLUSTER', 'MYID')));
  await eventually(async () => (await master.wait(1, 100)) === 1, 'replica in sync');
}

async function knowsAll(server: Redis, size: number): Promise<boolean> {
  const info = String(await server.call('CLUSTER', 'INFO'));
  const facts = ['cluster_state:ok', `cluster_known_nodes:${String(size)}`, 'cluster_slots_ok:16384'];
  return facts.every((fact) => info.includes(fact));
}

function launchServer(port: number, directory: string, args: readonly string[]): ChildProcess {
  const fixed = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--save',
    '',
    '--hz',
    '100',
  ];
  const command = [...endWithParent(), ...fileLimitAsError, serverBinary(), ...fixed, ...args];
  const server = spawn(command[0] ?? '', command.slice(1), { stdio: 'ignore' });
  const endWithUs = () => void server.kill('SIGKILL');
  process.once('exit', endWithUs);
  server.once('exit', () => process.off('exit', endWithUs));
  return server;
}

/** `REDIS_SERVER`, else what is on the PATH. */
function serverBinary(): string {
  const asked = process.env['REDIS_SERVER'];
  if (asked) return asked;
  const found = onPath('redis-server') ?? onPath('valkey-server');
  if (found) return found;
  throw new Error('no redis-server on the PATH: apt-get install redis-server, or set REDIS_SERVER to one');
}

/** A process whose file may not grow is ended by a signal; one that ignores it is told by an error, as on a full disk. */
const fileLimitAsError = ['sh', '-c', `trap '' XFSZ; exec "$@"`, 'sh'];

/** Where the system can do it, a server ends even with a test process that was killed. */
function endWithParent(): string[] {
  const setpriv = onPath('setpriv');
  return setpriv ? [setpriv, '--pdeathsig', 'KILL', '--'] : [];
}

function onPath(name: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  return directories.map((directory) => path.join(directory, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function answering(port: number, server: ChildProcess): Promise<void> {
  await eventually(
    async () => {
      if (server.exitCode !== null) throw new Error(`redis-server ended with ${String(server.exitCode)}`);
      // One that wants a password answers too, in its way; one that is still loading does not count.
      return /^(\+PONG|-NOAUTH)/.test(await askPing(port));
    },
    `answer on port ${String(port)}`,
  );
}

/** What the server says to a bare PING; empty when it does not listen yet. */
function askPing(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString());
    });
    socket.once('error', () => {
      resolve('');
    });
  });
}

/** A plain client of a server under test; the caller disconnects it. */
export function connect(port: number): Redis {
  const client = new Redis(port, '127.0.0.1', {
    retryStrategy: () => 10,
    maxRetriesPerRequest: null,
    protocol: 2,
  });
  client.on('error', () => undefined);
  return client;
}

function exited(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    server.once('exit', () => {
      resolve();
    });
  });
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = net.createServer().once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });

async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const probe = net.createServer().once('error', reject);
      probe.listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as AddressInfo;
        probe.close(() => {
          resolve(free);
        });
      });
    });
    if (port < highestPort) return port;
  }
}

async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`no ${what} in time`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
