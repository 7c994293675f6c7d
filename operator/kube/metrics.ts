/**
 * Metrics of the machinery, under the names that the Kubernetes client library for Go and controller-runtime gave them:
 * dashboards and alerts made for other operators read ours.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RecorderOptions } from './events.ts';
import type { ElectionOptions } from './leader.ts';
import type { QueueMetrics } from './queue.ts';
import type { Reflector, ReflectorMetrics } from './reflector.ts';
import type { KubeObject } from './kube.ts';
import type { Attempt } from './transport.ts';

const workSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const waitSeconds = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60];

/** For one queue; `controller` is the value of the label of the same name. */
export function queueMetrics(registry: Registry, controller: string, workers: number): QueueMetrics {
  const labels = { name: controller, controller };
  const shared = { registers: [registry], labelNames: ['name', 'controller'] };
  const own = { registers: [registry], labelNames: ['controller'] };
  const depth = new Gauge({ ...shared, name: 'workqueue_depth', help: 'Keys that wait for a worker' });
  const adds = new Counter({ ...shared, name: 'workqueue_adds_total', help: 'Keys added' });
  const retries = new Counter({
    ...shared,
    name: 'workqueue_retries_total',
    help: 'Looks asked for after a failure',
  });
  const waited = new Histogram({
    ...shared,
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waited for a worker',
    buckets: waitSeconds,
  });
  const worked = new Histogram({
    ...shared,
    name: 'workqueue_work_duration_seconds',
    help: 'How long one look at a key took',
    buckets: workSeconds,
  });
  const active = new Gauge({
    ...own,
    name: 'controller_runtime_active_workers',
    help: 'Keys in work',
  });
  const most = new Gauge({
    ...own,
    name: 'controller_runtime_max_concurrent_reconciles',
    help: 'Keys that may be in work at a time',
  });
  const results = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Looks at a key, by result',
    registers: [registry],
    labelNames: ['controller', 'result'],
  });
  const errors = new Counter({
    ...own,
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Looks at a key that failed',
  });
  const took = new Histogram({
    ...own,
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'How long one look at a key took',
    buckets: workSeconds,
  });
  most.set({ controller }, workers);
  for (const result of ['success', 'requeue_after', 'error']) results.inc({ controller, result }, 0);
  errors.inc({ controller }, 0);
  return {
    added: () => {
      adds.inc(labels);
    },
    depth: (keys) => {
      depth.set(labels, keys);
    },
    running: (keys) => {
      active.set({ controller }, keys);
    },
    retried: () => {
      retries.inc(labels);
    },
    started: (waitedMs) => {
      waited.observe(labels, waitedMs / 1000);
    },
    finished: (result, tookMs) => {
      results.inc({ controller, result });
      if (result === 'error') errors.inc({ controller });
      worked.observe(labels, tookMs / 1000);
      took.observe({ controller }, tookMs / 1000);
    },
  };
}

/** For all reflectors of a process; `of(kind)` gives the hooks of one, `watch` adds its age and size. */
export function reflectorMetrics(registry: Registry): {
  of(kind: string): ReflectorMetrics;
  watch(kind: string, reflector: Reflector<KubeObject>): void;
} {
  const reflectors = new Map<string, Reflector<KubeObject>>();
  const registers = [registry];
  const lists = new Counter({
    name: 'kube_reflector_lists_total',
    help: 'Complete lists, by reason',
    registers,
    labelNames: ['kind', 'reason'],
  });
  const failures = new Counter({
    name: 'kube_reflector_failures_total',
    help: 'Lists and watches that failed',
    registers,
    labelNames: ['kind'],
  });
  const corrected = new Counter({
    name: 'kube_reflector_missed_deletions_total',
    help: 'Objects found gone by a list though no watch event told it',
    registers,
    labelNames: ['kind'],
  });
  new Gauge({
    name: 'kube_reflector_objects',
    help: 'Objects in the local copy',
    registers,
    labelNames: ['kind'],
    collect() {
      for (const [kind, reflector] of reflectors) this.set({ kind }, reflector.size);
    },
  });
  new Gauge({
    name: 'kube_reflector_age_seconds',
    help: 'Time since the API server was last heard; bookmarks come about once a minute',
    registers,
    labelNames: ['kind'],
    collect() {
      for (const [kind, reflector] of reflectors) this.set({ kind }, reflector.ageMs / 1000);
    },
  });
  return {
    of: (kind) => ({
      listed: (reason) => {
        lists.inc({ kind, reason });
      },
      corrected: (lost) => {
        corrected.inc({ kind }, lost);
      },
      failed: () => {
        failures.inc({ kind });
      },
    }),
    watch: (kind, reflector) => {
      reflectors.set(kind, reflector);
    },
  };
}
