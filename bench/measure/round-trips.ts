/** One turn of one system: start it fresh, warm it up, measure it at each number in flight, stop it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, type Deployment } from '../harness/deployment.ts';
import { startLoad, type LoadProcess } from '../harness/load-process.ts';
import type { Child, Processes } from '../harness/processes.ts';
import type { RedisCounts } from '../harness/redis-server.ts';
import { cpuMs } from '../harness/usage.ts';
import type { LoopResult } from '../load/orders.ts';
import type { System } from '../systems/system.ts';

export interface Sample {
  readonly system: string;
  readonly round: number;
  readonly inFlight: number;
  readonly tripsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Microseconds of CPU per round trip; absent parts are 0. */
  readonly cpu: { readonly total: number; readonly a: number; readonly b: number; readonly redis: number };
  /** Per round trip; undefined without Redis. */
  readonly redis: RedisCounts | undefined;
}

export interface TurnOptions {
  readonly workers: number;
  readonly inFlight: readonly number[];
  readonly seconds: number;
  readonly profile?: string;
}

/** CPU in milliseconds. */
interface Reading {
  readonly instances: readonly number[];
  readonly servers: readonly number[];
  readonly redis: RedisCounts | undefined;
}

const connectLimitMs = 60_000;
const crashNoticeMs = 250;

export async function measureTurn(
  system: System,
  round: number,
  { workers, inFlight, seconds, profile = '' }: TurnOptions,
  processes: Processes,
): Promise<Sample[]> {
  const deployment = await deploy(system, { processes, workers, profile });
  const load = startLoad(processes, `load for ${system.name}`);
  try {
    const { clientPort, workerPort } = deployment;
    const clients = Math.max(...inFlight);
    const peers = { peers: system.peers, clientPort, workerPort, clients, workers };
    await guarded(deployment, load.send({ do: 'connect', ...peers }, connectLimitMs));
    await loop(deployment, load, clients, warmUpMs(seconds));
    const samples: Sample[] = [];
    for (const count of inFlight) {
      await loop(deployment, load, count, warmUpMs(seconds) / 4);
      const before = await read(deployment);
      const result = await loop(deployment, load, count, seconds * 1000);
      const after = await read(deployment);
      samples.push(sample({ system, round, inFlight: count }, result, before, after));
    }
    return samples;
  } finally {
    await load.child.stop();
    await deployment.stop();
  }
}

/**
 * A server runs for days, so what is measured is what it costs when the compilers of Node have settled: after 3 s this
 * scheduler still took 1.2 times as much a trip. Less in a quick run, whose figures are not meant to be kept.
 */
const warmUpMs = (seconds: number): number => Math.min(20_000, seconds * 5000);

async function loop(
  deployment: Deployment,
  load: LoadProcess,
  inFlight: number,
  forMs: number,
): Promise<LoopResult> {
  const result = await guarded(deployment, load.send({ do: 'loop', inFlight, forMs }, forMs + 20_000));
  if (!result || result.trips === 0) throw new Error(`${deployment.system.name} made no round trip`);
  return result;
}

/** A process of the system that ends by itself ends the measurement, with its last words. */
async function guarded<T>(deployment: Deployment, work: Promise<T>): Promise<T> {
  const children = deployment.instances.map(({ child }) => child);
  children.push(...deployment.redis.map(({ child }) => child));
  const crashed = Promise.race(children.map((child) => child.crashed));
  try {
    return await Promise.race([work, crashed]);
  } catch (error) {
    // A closed connection is often the first sign of a crash; the crash itself is the better answer.
    await Promise.race([crashed, sleep(crashNoticeMs)]);
    throw error;
  }
}

async function read({ instances, redis }: Deployment): Promise<Reading> {
  const cpuOf = ({ child }: { child: Child }) => cpuMs(child.pid);
  return { instances: instances.map(cpuOf), servers: redis.map(cpuOf), redis: await redis[0]?.counts() };
}

function sample(
  what: { system: System; round: number; inFlight: number },
  { trips, seconds, p50Ms, p99Ms }: LoopResult,
  before: Reading,
  after: Reading,
): Sample {
  const perTrip = (part: 'instances' | 'servers') =>
    after[part].map((ms, at) => ((ms - before[part][at]!) * 1000) / trips);
  const [a = 0, b = 0] = perTrip('instances');
  const redis = perTrip('servers').reduce((sum, server) => sum + server, 0);
  return {
    system: what.system.name,
    round: what.round,
    inFlight: what.inFlight,
    tripsPerSecond: trips / seconds,
    p50Ms,
    p99Ms,
    cpu: { total: a + b + redis, a, b, redis },
    redis: after.redis && before.redis ? countsPer(trips, before.redis, after.redis) : undefined,
  };
}

const countsPer = (trips: number, before: RedisCounts, after: RedisCounts): RedisCounts => ({
  commands: (after.commands - before.commands) / trips,
  scripts: (after.scripts - before.scripts) / trips,
  bytesIn: (after.bytesIn - before.bytesIn) / trips,
  bytesOut: (after.bytesOut - before.bytesOut) / trips,
});
