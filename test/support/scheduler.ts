/** A real scheduler process on an address of its own, with times short enough for tests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'smol-toml';
import { environment, paths } from '../../common/workload.ts';
import { patienceMs } from './eventually.ts';
import { Program, type Exit } from './program.ts';

export interface SchedulerOptions {
  readonly instanceId: string;
  readonly redisUrl: string;
  readonly keyPrefix: string;
  /** Merged into the configuration, table by table. */
  readonly config?: ConfigTable;
  readonly environment?: Readonly<Record<string, string>>;
  /** False: returns at once, for a scheduler that is not expected to become ready. */
  readonly untilReady?: boolean;
  readonly openFiles?: number;
}

export interface ConfigTable {
  readonly [key: string]: string | number | boolean | readonly string[] | ConfigTable;
}

export interface Scheduler {
  readonly program: Program;
  /** Of the WebSockets, probes and metrics. */
  readonly url: string;
  readonly adminUrl: string;
  /** SIGTERM, and the exit it leads to. */
  stop(): Promise<Exit>;
  kill(): Promise<Exit>;
  get(path: string): Promise<{ status: number; body: string }>;
}

const port = 5010;
const adminPort = 5011;

let addresses = 0;

/**
 * Every process has an address of its own, so that all can have the guide's ports and no two tests meet: those of two test processes
 * differ unless their pids are 15,000 apart.
 */
function nextAddress(): string {
  addresses += 1;
  const { pid } = process;
  const network = `${String(2 + (pid % 60))}.${String(Math.floor(pid / 60) % 250)}`;
  return `127.${network}.${String(1 + (addresses % 250))}`;
}

/**
 * Short times, though long enough for a busy machine, whose load is also no reason to refuse anybody; a test that is about one of
 * them sets it itself.
 */
const quick: ConfigTable = {
  server: { port },
  admin: { port: adminPort },
  limits: { overload_delay_ms: 0 },
  scheduler: {
    heartbeat_interval_seconds: 1,
    endpoint_grace_seconds: 0.1,
    drain_timeout_seconds: 5,
    node_grace_seconds: 0.2,
    job_timeout: { scan_interval_ms: 200, pending_timeout_seconds: 60 },
    node_health: { health_check_count: 1, status_scan_interval_seconds: 0.2 },
    phase2: {
      owner_ttl_seconds: 5,
      stream_block_ms: 200,
      command_timeout_ms: 2000,
      reclaim_idle_ms: 500,
      node_snapshot: { refresh_interval_ms: 50, presence_ttl_seconds: 5 },
    },
  },
};

export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { instanceId, redisUrl, keyPrefix, untilReady = true } = options;
  const address = nextAddress();
  const url = `http://${address}:${String(port)}`;
  const identity = {
    scheduler: { phase2: { instance_id: instanceId, redis: { url: redisUrl, key_prefix: keyPrefix } } },
  };
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-scheduler-'));
  const file = path.join(directory, 'config.toml');
  await writeFile(file, stringify(merged(quick, identity, options.config ?? {})));
  const program = await Program.start({
    program: 'scheduler',
    args: ['--config', file],
    environment: { [environment.bindAddress]: address, LOG_LEVEL: 'debug', ...options.environment },
    ...(options.openFiles === undefined ? {} : { openFiles: options.openFiles }),
    ...(untilReady ? { readyUrl: `${url}${paths.readyz}` } : {}),
  });
  void program.exited.then(() => rm(directory, { recursive: true, force: true }));
  return {
    program,
    url,
    adminUrl: `http://${address}:${String(adminPort)}`,
    stop: () => program.stop(),
    kill: () => program.kill(),
    get: (at) => get(`${url}${at}`),
  };
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
  return { status: response.status, body: await response.text() };
}

function merged(...tables: readonly ConfigTable[]): ConfigTable {
  const result: Record<string, ConfigTable[string]> = {};
  for (const table of tables) {
    for (const [key, value] of Object.entries(table)) {
      const before = result[key];
      result[key] = isTable(before) && isTable(value) ? merged(before, value) : value;
    }
  }
  return result;
}

const isTable = (value: unknown): value is ConfigTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
