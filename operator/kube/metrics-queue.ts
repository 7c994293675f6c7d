/**
 * Metrics of the work queues, under the names that the Kubernetes client library for Go and controller-runtime gave
 * them: dashboards and alerts made for other operators read ours.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { QueueMetrics } from './queue.ts';

/** Finer around what a look is held to, see bench/operator.md. */
const workSeconds = [0.005, 0.01, 0.025, 0.035, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const waitSeconds = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60];

/** Call once per registry; the result makes the hooks of one queue, told apart by the label `controller`. */
export function queueMetrics(registry: Registry): (controller: string, workers: number) => QueueMetrics {
  const queue = workqueueFamilies(registry);
  const controllers = controllerFamilies(registry);
  return (controller, workers) => {
    const names = { name: controller, controller };
    controllers.workersMax.set({ controller }, workers);
    for (const result of ['success', 'requeue_after', 'error'])
      controllers.results.inc({ controller, result }, 0);
    controllers.errors.inc({ controller }, 0);
    return {
      added: () => {
        queue.adds.inc(names);
      },
      depth: (keys) => {
        queue.depth.set(names, keys);
      },
      running: (keys) => {
        controllers.active.set({ controller }, keys);
      },
      retried: () => {
        queue.retries.inc(names);
      },
      started: (waitedMs) => {
        queue.waited.observe(names, waitedMs / 1000);
      },
      finished: (result, tookMs) => {
        queue.worked.observe(names, tookMs / 1000);
        controllers.took.observe({ controller }, tookMs / 1000);
        controllers.results.inc({ controller, result });
        if (result === 'error') controllers.errors.inc({ controller });
      },
    };
  };
}

function workqueueFamilies(registry: Registry) {
  const common = { registers: [registry], labelNames: ['name', 'controller'] as const };
  return {
    depth: new Gauge({ ...common, name: 'workqueue_depth', help: 'Keys that wait for a place' }),
    adds: new Counter({ ...common, name: 'workqueue_adds_total', help: 'Keys added' }),
    retries: new Counter({
      ...common,
      name: 'workqueue_retries_total',
      help: 'Keys to look at again after a failure',
    }),
    waited: new Histogram({
      ...common,
      name: 'workqueue_queue_duration_seconds',
      help: 'How long a key waited for a place',
      buckets: waitSeconds,
    }),
    worked: new Histogram({
      ...common,
      name: 'workqueue_work_duration_seconds',
      help: 'How long one look at a key took',
      buckets: workSeconds,
    }),
  };
}

function controllerFamilies(registry: Registry) {
  const common = { registers: [registry], labelNames: ['controller'] as const };
  return {
    active: new Gauge({
      ...common,
      name: 'controller_runtime_active_workers',
      help: 'Keys in work, also those that only wait for an answer',
    }),
    workersMax: new Gauge({
      ...common,
      name: 'controller_runtime_max_concurrent_reconciles',
      help: 'Keys that may be in work at a time, not counting those that only wait for an answer',
    }),
    results: new Counter({
      registers: [registry],
      labelNames: ['controller', 'result'] as const,
      name: 'controller_runtime_reconcile_total',
      help: 'Looks at a key, by result',
    }),
    errors: new Counter({
      ...common,
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Looks at a key that failed',
    }),
    took: new Histogram({
      ...common,
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'How long one look at a key took',
      buckets: workSeconds,
    }),
  };
}
