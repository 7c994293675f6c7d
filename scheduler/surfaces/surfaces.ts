/**
 * What people and their tools are shown: the JSON routes, the dashboard, and the figures that make every instance able to
 * show the whole fleet. Nothing here takes part in the way of a job.
 */
import { toAppError } from '../../common/errors.ts';
import { json, type HttpRoutes } from '../../common/http.ts';
import { paths } from '../../common/workload.ts';
import { version } from '../../common/version.ts';
import type { Instance } from '../instance.ts';
import { registerSurfaceCensus } from '../metrics.ts';
import { clusterAnswer } from './cluster.ts';
import { countersAnswer } from './counters.ts';
import { dashboardData } from './dashboard/data.ts';
import { dashboardRoutes } from './dashboard/routes.ts';
import type { DashboardData } from './dashboard/shape.ts';
import type { Figures } from './figures.ts';
import { createFleetView, type FleetView } from './fleet-view.ts';
import { watchModelHub, type ModelHub } from './model-hub.ts';
import { poolsAnswer, simulateAnswer } from './pools.ts';
import { createPublisher } from './publisher.ts';
import { snapshotOf } from './snapshot.ts';
import { statsAnswer, type StatsAnswer } from './stats.ts';

export interface Surfaces {
  readonly routes: HttpRoutes;
  /** Publishes this instance's figures. Ends when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** The statistics are made anew when they are older than this, and called stale when that does not succeed for longer. */
const statsFreshMs = 5000;
const statsStaleMs = 10_000;

/** How long the dashboard waits for the store before it shows what it knows. */
const fleetPatienceMs = 1500;

/** @param modelHubUrl the Model Hub to ask, instead of the configured one */
export function createSurfaces(instance: Instance, modelHubUrl: string | undefined): Surfaces {
  const { config, clock, metrics, registry } = instance;
  const publisher = createPublisher(instance);
  const fleet = createFleetView({ ...instance, own: publisher.figures });
  const hub = openHub(instance, modelHubUrl);
  const stats = snapshotOf(() => statsOf(instance, hub?.().services ?? []), statsFreshMs, clock);
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  registerSurfaceCensus(registry, {
    snapshotAge: () => seconds(stats.ageMs()),
    catalogue: () => hub?.(),
  });

  const answerStats = () => {
    const began = clock.monotonic();
    metrics.statsRequests.inc();
    const { value, ageMs } = stats.get();
    if (ageMs > statsStaleMs) metrics.statsStale.inc();
    metrics.statsSeconds.observe((clock.monotonic() - began) / 1000);
    return json(200, value);
  };
  const answerCounters = () => {
    const { failures, lastSuccessAgeSeconds } = hub?.() ?? noHub;
    const catalogue = { failures, lastSuccessAgeSeconds };
    const { web_task_segmentation, observability } = config.scheduler;
    const known = { catalogue, pauseMs: web_task_segmentation.pause_ms, limits: observability };
    return json(200, countersAnswer(metrics, known));
  };

  return {
    routes: {
      [`GET ${paths.stats}`]: answerStats,
      [`GET ${paths.counters}`]: answerCounters,
      ...poolRoutes(instance),
      [`GET ${paths.cluster}`]: () => answerCluster(instance, fleet),
      ...dashboardRoutes(config.dashboard.enabled, dashboardSource(instance, fleet, publisher.figures)),
    },
    run: (signal) => publisher.keep(signal),
  };
}

function poolRoutes({ config, directory, core, random }: Instance): HttpRoutes {
  const { phase3, load_balancer } = config.scheduler;
  const limits = { resourceThreshold: load_balancer.resource_threshold };
  const draw = () => random.next();
  return {
    [`GET ${paths.pools}`]: () => json(200, poolsAnswer(phase3, directory.nodes, core)),
    [`GET ${paths.simulate}`]: (_, { searchParams: query }) =>
      json(200, simulateAnswer({ config: phase3, nodes: directory.nodes, core, limits, query, draw })),
  };
}

const noHub: ModelHub = { services: [], failures: 0, lastSuccessAgeSeconds: null };

/** Undefined when nobody named one: the catalogue is then empty. */
function openHub(instance: Instance, named: string | undefined): (() => ModelHub) | undefined {
  const { config, clock, log, signal } = instance;
  const { base_url: configured, storage_path: storagePath } = config.model_hub;
  const baseUrl = named ?? configured;
  if (baseUrl === '') return undefined;
  return watchModelHub({ baseUrl, storagePath, clock, log }, signal);
}

function statsOf({ desk, floor, config }: Instance, catalogue: ModelHub['services']): StatsAnswer {
  return statsAnswer({
    languages: desk.languages,
    nodes: [...floor.nodes],
    catalogue,
    resourceThreshold: config.scheduler.load_balancer.resource_threshold,
  });
}

async function answerCluster({ config, clock, directory }: Instance, fleet: () => Promise<FleetView>) {
  const { phase2 } = config.scheduler;
  if (!phase2.enabled) {
    return json(503, { error: 'phase2_disabled', message: 'phase2 is off: this instance works alone' });
  }
  try {
    const known = { keyPrefix: phase2.redis.key_prefix, nowMs: clock.now(), nodes: directory.nodes.length };
    return json(200, clusterAnswer(await fleet(), known));
  } catch (error) {
    return json(500, { error: 'redis_failure', message: toAppError(error).message });
  }
}

/** With a store that is away the dashboard shows what was last known of others, and says so. */
function dashboardSource(
  instance: Instance,
  fleet: () => Promise<FleetView>,
  own: () => Figures,
): () => Promise<DashboardData> {
  const { clock, config, directory, instanceId, storeHealth } = instance;
  let last: FleetView = { atMs: clock.monotonic(), instances: [] };

  async function newest(): Promise<FleetView> {
    const asked = fleet().then(
      (view) => (last = view),
      () => last,
    );
    if (storeHealth().reachable) await Promise.race([asked, clock.sleep(fleetPatienceMs)]);
    const instances = last.instances.map((seen) =>
      seen.instanceId === instanceId && seen.figures ? { ...seen, figures: own() } : seen,
    );
    return { ...last, instances };
  }

  return async () => {
    const view = await newest();
    return dashboardData({
      nowMs: clock.now(),
      servedBy: instanceId,
      version,
      keyPrefix: config.scheduler.phase2.enabled ? config.scheduler.phase2.redis.key_prefix : undefined,
      redis: storeHealth(),
      fleet: view,
      fleetAgeMs: clock.monotonic() - view.atMs,
      nodes: directory.nodes,
    });
  };
}
