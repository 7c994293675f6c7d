/**
 * So many SchedulerClusters on the pocket cluster, their pods played by this process, and the bundled operator as a process of its own:
 *
 *   create all --> idle --> scale some --> another operator finds them all as they should be
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { parse } from 'yaml';
import { systemClock, systemRandom } from '../../common/clock-system.ts';
import { schedulerClusters } from '../../operator/api/group.ts';
import type { SchedulerCluster } from '../../operator/api/schedulercluster.gen.ts';
import { connect, type KubeClient } from '../../operator/kube/client.ts';
import { customResourceDefinitions, type CustomResourceDefinition } from '../../operator/kube/resources.ts';
import { startControllers } from '../../test/cluster/controllers/controllers.ts';
import { startDouble } from '../../test/cluster/double.ts';
import { clusterAccess } from '../../test/cluster/kubeconfig.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { Processes } from '../harness/processes.ts';
import { cpuMs, rssBytes, rssFileBytes } from '../harness/usage.ts';
import { byLabel, difference, quantile, type Sample } from './exposition.ts';
import { Instances } from './instances.ts';
import { startLightKubelet } from './kubelet.ts';
import { Onlooker } from './onlooker.ts';
import { bundledOperator, startOperatorProcess, type OperatorProcess } from './program.ts';

export interface Size {
  readonly clusters: number;
  /** Of each cluster. */
  readonly instances: number;
  /** How long nothing is asked of it. */
  readonly idleSeconds: number;
  /** So long without a write counts as settled. */
  readonly quietSeconds: number;
  /** The same before it is left alone: fleets of which nothing new is heard are asked less often then. */
  readonly calmSeconds: number;
  /** How many are scaled, one after another. */
  readonly scales: number;
}

export interface Times {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** Looks, and what they waited for: requests to the API server meanwhile, watches aside. */
export interface Looks extends Times {
  readonly requests: Times;
}

/** Bytes. */
export interface Memory {
  readonly resident: number;
  /** Of that, pages of files. */
  readonly ofFiles: number;
}

export interface Figures {
  readonly size: Size;
  readonly createdSeconds: number;
  /** While all clusters are made at once. */
  readonly creating: Looks;
  readonly scaling: Looks;
  /** From before a scale request is sent until a watch shows the StatefulSet with it, sorted. */
  readonly scaleMs: readonly number[];
  /** Requests of the operator to the API server while nothing happens, by method. */
  readonly idle: Readonly<Record<string, number>>;
  /** Of one core. */
  readonly idleCpuPercent: number;
  readonly idleAskedPerSecond: number;
  /** Before there is a cluster, after all the work, and of an operator that finds all of it made. */
  readonly memory: { readonly empty: Memory; readonly worked: Memory; readonly fresh: Memory };
  /** Of an operator that finds all as it should be: its looks, and requests that write, other than for its lease. */
  readonly fresh: Looks & { readonly writes: number };
}

type Say = (line: string) => void;

const log = pino({ level: 'silent' });
const namespace = 'default';
const base = { clock: systemClock, random: systemRandom, log };

export async function measureOperator(size: Size, processes: Processes, say: Say): Promise<Figures> {
  const directory = await mkdtemp(path.join(tmpdir(), 'lingua-bench-operator-'));
  const ends: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const { account, ...world } = await setUp(directory, ends);
    const file = await bundledOperator(directory, account);
    return await run(size, {
      ...world,
      say,
      start: () => startOperatorProcess(file, account, processes),
    });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** API server, controllers, kubelet and instances, all in this process. */
async function setUp(directory: string, ends: (() => unknown)[]) {
  const double = await startDouble({ ...base, directory, kubelet: () => undefined });
  const { kubeconfig } = double;
  ends.push(() => double.stop());
  const identity = { fieldManager: 'bench', userAgent: 'bench', requestTimeoutMs: 60_000 };
  const kube = connect({ ...base, ...identity, kubeconfig });
  ends.push(() => kube.close());
  const { server, certificateAuthority = '' } = await clusterAccess(kubeconfig);
  const controllers = await startControllers({ ...base, kube, certificateAuthority });
  ends.push(() => controllers.stop());
  const instances = new Instances(systemRandom);
  ends.push(() => instances.stop());
  ends.push(startLightKubelet({ ...base, kube, instances }));
  const crd = await readFile(new URL('../../crds/schedulercluster.yaml', import.meta.url), 'utf8');
  await kube.apply(customResourceDefinitions, parse(crd) as CustomResourceDefinition);
  const onlooker = new Onlooker({ ...base, kube, namespace });
  ends.push(() => {
    onlooker.stop();
  });
  await onlooker.synced();
  const { users } = parse(await readFile(kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  const account = { server: new URL(server), token: users[0]?.user.token ?? '', certificateAuthority };
  return { kube, account, instances, onlooker };
}

interface Bench {
  readonly kube: KubeClient;
  readonly instances: Instances;
  readonly onlooker: Onlooker;
  readonly say: Say;
  readonly start: () => Promise<OperatorProcess>;
}

async function run(size: Size, bench: Bench): Promise<Figures> {
  const { kube, instances, onlooker, say, start } = bench;
  const first = await start();
  await eventually('the operator leads', () => leads(first), 30_000);
  const empty = memoryOf(first);

  say(`creating ${String(size.clusters)} clusters of ${String(size.instances)}`);
  const startedAt = performance.now();
  const created = await looksDuring(first, async () => {
    for (let n = 0; n < size.clusters; n += 1)
      await kube.create(schedulerClusters, clusterOf(n, size.instances));
    await eventually('all are ready', () => areSettled(onlooker, size), 300_000);
  });
  const createdSeconds = (performance.now() - startedAt) / 1_000;

  say(`idle for ${String(size.idleSeconds)} s`);
  await eventually('nothing is written any more', () => isQuiet(first, size.calmSeconds), 240_000);
  const before = await requests(first);
  const [cpuBefore, askedBefore] = [cpuMs(first.child.pid), instances.asked];
  await systemClock.sleep(1_000 * size.idleSeconds);
  const idle = difference(await requests(first), before);
  const idleCpuPercent = (cpuMs(first.child.pid) - cpuBefore) / (10 * size.idleSeconds);
  const idleAskedPerSecond = (instances.asked - askedBefore) / size.idleSeconds;

  say(`scaling ${String(size.scales)} of them`);
  const scaleMs: number[] = [];
  const scaled = await looksDuring(first, async () => {
    for (let n = 0; n < size.scales; n += 1)
      scaleMs.push(
        await scale(
          bench,
          nameOf((n * 7) % size.clusters),
          size.instances + 1 + Math.floor((n * 7) / size.clusters),
        ),
      );
    await eventually('all are ready again', () => areSettled(onlooker, size), 120_000);
  });
  const worked = memoryOf(first);
  await first.child.stop();

  say('another operator finds them');
  const second = await start();
  await eventually('it has looked at all', async () => (await lookCount(second)) >= size.clusters, 60_000);
  await eventually('nothing is written any more', () => isQuiet(second, size.quietSeconds), 120_000);
  const found = await second.metrics();
  const fresh = {
    ...looksOf(found),
    writes: writesOf(byLabel(found, 'rest_client_requests_total', 'method')),
  };
  const memory = { empty, worked, fresh: memoryOf(second) };
  await second.child.stop();
  return {
    ...{
      size,
      createdSeconds,
      creating: created,
      scaling: scaled,
      idleCpuPercent,
      idleAskedPerSecond,
      memory,
      fresh,
    },
    scaleMs: scaleMs.sort((a, b) => a - b),
    idle: Object.fromEntries(idle),
  };
}

const memoryOf = ({ child: { pid } }: OperatorProcess): Memory => ({
  resident: rssBytes(pid),
  ofFiles: rssFileBytes(pid),
});

const nameOf = (n: number): string => `fleet-${String(n)}`;

const clusterOf = (n: number, replicas: number): SchedulerCluster =>
  ({
    ...{ apiVersion: schedulerClusters.apiVersion, kind: schedulerClusters.kind },
    metadata: { namespace, name: nameOf(n) },
    spec: {
      replicas,
      image: 'lingua-scheduler:dev',
      redis: { mode: 'single', url: 'redis://redis.example:6379', keyPrefix: nameOf(n) },
    },
  }) as SchedulerCluster;

async function areSettled(onlooker: Onlooker, { clusters }: Size): Promise<boolean> {
  await systemClock.sleep(500);
  const items = onlooker.clusters();
  const isTrue = ({ status, metadata }: SchedulerCluster, type: string) =>
    status?.conditions?.some(
      (one) => one.type === type && one.status === 'True' && one.observedGeneration === metadata.generation,
    ) ?? false;
  return (
    items.length === clusters && items.every((one) => isTrue(one, 'Ready') && isTrue(one, 'RoutingVerified'))
  );
}

/** From the request until the StatefulSet says it. */
async function scale({ kube, onlooker }: Bench, name: string, replicas: number): Promise<number> {
  const shown = onlooker.replicasOf(name, replicas);
  const startedAt = performance.now();
  const request = { resource: schedulerClusters, name: { namespace, name }, subresource: 'scale' } as const;
  await kube.subresource({ ...request, method: 'PATCH', body: { spec: { replicas } } });
  await shown;
  return performance.now() - startedAt;
}

const requests = async (operator: OperatorProcess): Promise<Map<string, number>> =>
  byLabel(await operator.metrics(), 'rest_client_requests_total', 'method');

/** The lease is renewed by PUT, and nothing else is. */
const writesOf = (methods: ReadonlyMap<string, number>): number =>
  [...methods].reduce(
    (sum, [method, count]) => (method === 'GET' || method === 'PUT' ? sum : sum + count),
    0,
  );

async function isQuiet(operator: OperatorProcess, seconds: number): Promise<boolean> {
  const before = writesOf(await requests(operator));
  await systemClock.sleep(1_000 * seconds);
  return writesOf(await requests(operator)) === before;
}

async function leads(operator: OperatorProcess): Promise<boolean> {
  // Before it listens, nobody answers.
  const samples = await operator.metrics().catch((): Sample[] => []);
  await Promise.race([systemClock.sleep(0), operator.child.crashed]);
  return samples.some(({ name, value }) => name === 'leader_election_master_status' && value === 1);
}

const lookCount = async (operator: OperatorProcess): Promise<number> =>
  buckets(await operator.metrics().catch((): Sample[] => []), lookSeconds).get('+Inf') ?? 0;

const lookSeconds = 'controller_runtime_reconcile_time_seconds';
const requestSeconds = 'rest_client_request_duration_seconds';

const buckets = (samples: readonly Sample[], histogram: string): Map<string, number> =>
  byLabel(samples, `${histogram}_bucket`, 'le');

async function looksDuring(operator: OperatorProcess, work: () => Promise<void>): Promise<Looks> {
  const before = await operator.metrics();
  await work();
  return looksOf(await operator.metrics(), before);
}

function looksOf(after: readonly Sample[], before: readonly Sample[] = []): Looks {
  const during = (histogram: string) =>
    timesOf(difference(buckets(after, histogram), buckets(before, histogram)));
  return { ...during(lookSeconds), requests: during(requestSeconds) };
}

const timesOf = (counted: ReadonlyMap<string, number>): Times => ({
  count: counted.get('+Inf') ?? 0,
  p50Ms: 1_000 * quantile(counted, 0.5),
  p95Ms: 1_000 * quantile(counted, 0.95),
});
