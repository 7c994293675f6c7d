/**
 * Real Redis servers for tests: one, or a cluster of three masters. On loopback, on free ports, in a directory of their
 * own, without persistence unless asked for. Only processes started here are ever signalled, and none outlives the test
 * process.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';

const startTimeoutMs = 10_000;
/** A cluster node also listens on its port plus 10000. */
const highestPort = 55_000;

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
  };
}

export interface RedisCluster {
  readonly urls: readonly string[];
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

let shared: Promise<RedisCluster> | undefined;

/** Three masters that share all slots. Forming them takes two seconds, so a test process has one at most. */
export function startRedisCluster(): Promise<RedisCluster> {
  shared ??= formCluster();
  return shared;
}

async function formCluster(): Promise<RedisCluster> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lingua-redis-cluster-'));
  const ports: number[] = [];
  while (ports.length < 3) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  const servers = ports.map((port) => launchServer(port, directory, clusterArguments(port)));
  const stop = async () => {
    for (const server of servers) server.kill('SIGKILL');
    await Promise.all(servers.map(exited));
    rmSync(directory, { recursive: true, force: true });
    shared = undefined;
  };
  try {
    await Promise.all(servers.map((server, i) => answering(ports[i] ?? 0, server)));
    await joinMasters(ports);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, urls: ports.map((port) => `redis://127.0.0.1:${String(port)}`), stop };
}

const clusterArguments = (port: number): string[] => [
  ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${String(port)}.conf`],
  ...['--cluster-node-timeout', '2000', '--appendonly', 'no'],
];

async function joinMasters(ports: readonly number[]): Promise<void> {
  const masters = ports.map(connect);
  try {
    const slots = 16_384;
    await Promise.all(
      masters.map((master, i) => {
        const first = Math.ceil((i * slots) / masters.length);
        const last = Math.ceil(((i + 1) * slots) / masters.length) - 1;
        return master.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
      }),
    );
    for (const master of masters.slice(1)) await master.call('CLUSTER', 'MEET', '127.0.0.1', ports[0] ?? 0);
    await eventually(async () => (await Promise.all(masters.map(knowsAll))).every(Boolean), 'formed cluster');
  } finally {
    for (const master of masters) master.disconnect();
  }
}

async function knowsAll(master: Redis): Promise<boolean> {
  const info = String(await master.call('CLUSTER', 'INFO'));
  return ['cluster_state:ok', 'cluster_known_nodes:3', 'cluster_slots_ok:16384'].every((fact) =>
    info.includes(fact),
  );
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
  const command = [...endWithParent(), serverBinary(), ...fixed, ...args];
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
