/** Metrics of the client, the reflectors, the leader election and the events. Each function: once per registry. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RecorderOptions } from './events.ts';
import type { KubeObject, Resource } from './kube.ts';
import type { ElectionOptions } from './leader.ts';
import type { Reflector, ReflectorMetrics } from './reflector.ts';
import type { Attempt } from './transport.ts';

const requestSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** For `connect({ observe })`. */
export function clientMetrics(registry: Registry): (attempt: Attempt) => void {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by method and status; code "<error>" when there was no answer',
    registers: [registry],
    labelNames: ['method', 'code'],
  });
  const took = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'How long the API server took to answer, by method; watches aside',
    registers: [registry],
    labelNames: ['method'],
    buckets: requestSeconds,
  });
  return ({ method, status, durationMs, isStream }) => {
    requests.inc({ method, code: status === 0 ? '<error>' : String(status) });
    if (!isStream) took.observe({ method }, durationMs / 1000);
  };
}

export function electionMetrics(registry: Registry, name: string): NonNullable<ElectionOptions['metrics']> {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: '1 when this process leads',
    registers: [registry],
    labelNames: ['name'],
  });
  return {
    leading: (isLeader) => {
      status.set({ name }, isLeader ? 1 : 0);
    },
  };
}

export function recorderMetrics(registry: Registry): NonNullable<RecorderOptions['metrics']> {
  const counter = new Counter({
    name: 'kube_events_total',
    help: 'Events by what became of them: written, or dropped for being spam, a full backlog or a failure',
    registers: [registry],
    labelNames: ['result'],
  });
  return {
    written: () => {
      counter.inc({ result: 'written' });
    },
    dropped: (why) => {
      counter.inc({ result: why });
    },
  };
}

export interface ReflectorMetricsOf {
  /** The hooks of the reflector of one kind. */
  hooks(resource: Resource): ReflectorMetrics;
  /** Shows a reflector's size and age at every scrape. */
  follow(resource: Resource, reflector: Pick<Reflector<KubeObject>, 'size' | 'ageMs'>): void;
}

export function reflectorMetrics(registry: Registry): ReflectorMetricsOf {
  const { lists, failures, missed } = reflectorCounters(registry);
  const followed = followedGauges(registry);
  return {
    hooks: ({ kind }) => ({
      listed: (reason) => {
        lists.inc({ kind, reason });
      },
      corrected: (lost) => {
        missed.inc({ kind }, lost);
      },
      failed: () => {
        failures.inc({ kind });
      },
    }),
    follow: ({ kind }, reflector) => {
      followed.set(kind, reflector);
    },
  };
}

function reflectorCounters(registry: Registry) {
  const common = { registers: [registry] };
  return {
    lists: new Counter({
      ...common,
      name: 'kube_reflector_lists_total',
      help: 'Complete lists, by reason',
      labelNames: ['kind', 'reason'] as const,
    }),
    failures: new Counter({
      ...common,
      name: 'kube_reflector_failures_total',
      help: 'Lists and watches that failed',
      labelNames: ['kind'] as const,
    }),
    missed: new Counter({
      ...common,
      name: 'kube_reflector_missed_deletions_total',
      help: 'Objects found gone by a list though no watch told it',
      labelNames: ['kind'] as const,
    }),
  };
}

function followedGauges(registry: Registry): Map<string, Pick<Reflector<KubeObject>, 'size' | 'ageMs'>> {
  const followed = new Map<string, Pick<Reflector<KubeObject>, 'size' | 'ageMs'>>();
  new Gauge({
    name: 'kube_reflector_objects',
    help: 'Objects in the local copy',
    registers: [registry],
    labelNames: ['kind'],
    collect() {
      for (const [kind, { size }] of followed) this.set({ kind }, size);
    },
  });
  new Gauge({
    name: 'kube_reflector_age_seconds',
    help: 'Time since the API server was last heard; it sends a bookmark about once a minute',
    registers: [registry],
    labelNames: ['kind'],
    collect() {
      for (const [kind, { ageMs }] of followed) this.set({ kind }, ageMs / 1000);
    },
  });
  return followed;
}
