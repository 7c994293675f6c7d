/** docs/reference/metrics.md: every metric that the two programs register. */
import { Registry } from 'prom-client';
import { queueMetrics } from '../../operator/kube/metrics-queue.ts';
import {
  clientMetrics,
  electionMetrics,
  recorderMetrics,
  reflectorMetrics,
} from '../../operator/kube/metrics.ts';
import { createOperatorMetrics } from '../../operator/metrics.ts';
import { createMetrics, registerCensus, registerSurfaceCensus } from '../../scheduler/metrics.ts';
import { code, headsOf, page, table } from './markdown.ts';
import type { Tongue } from './tongue.ts';

export interface MetricFacts {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Of Node itself; prom-client's own names, which both programs have. */
const isOfNode = ({ name }: MetricFacts): boolean => /^(process|nodejs)_/.test(name);

export function schedulerMetrics(): MetricFacts[] {
  const registry = new Registry();
  createMetrics(registry);
  registerCensus(registry, {
    sessions: () => 0,
    nodes: () => new Map(),
    jobs: () => ({ waiting: 0, running: 0 }),
    inbox: () => ({ pending: 0, dlqLength: 0 }),
    loopDelay: () => 0,
  });
  registerSurfaceCensus(registry, { snapshotAge: () => 0, catalogue: () => undefined });
  return factsOf(registry);
}

export function operatorMetrics(): MetricFacts[] {
  const registry = new Registry();
  createOperatorMetrics(registry);
  queueMetrics(registry);
  clientMetrics(registry);
  electionMetrics(registry, '');
  recorderMetrics(registry);
  reflectorMetrics(registry);
  return factsOf(registry);
}

/** prom-client keeps a metric's labels and type on the object, and does not declare them. */
interface Registered {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly type?: string;
  readonly constructor: { readonly name: string };
}

function factsOf(registry: Registry): MetricFacts[] {
  const metrics = registry.getMetricsAsArray() as unknown as Registered[];
  return metrics
    .map((metric) => ({
      name: metric.name,
      type: metric.type ?? metric.constructor.name.toLowerCase(),
      labels: metric.labelNames ?? [],
      help: metric.help,
    }))
    .filter((facts) => !isOfNode(facts));
}

export function metricsReference(tongue: Tongue): string {
  const tell = (key: string, english: string) => tongue.tell(`metrics/${key}`, english);
  const rows = (facts: readonly MetricFacts[]) =>
    table(
      headsOf(tongue, ['metric', 'type', 'labels', 'what it tells']),
      facts.map(({ name, type, labels, help }) => [
        code(name),
        type,
        labels.map(code).join(', '),
        tell(name, help),
      ]),
    );
  return page(
    tongue,
    tell('title', 'Metrics'),
    '`scheduler/metrics.ts`, `operator/metrics.ts` and `operator/kube/metrics*.ts`',
    tell(
      'intro',
      'Both programs also tell `process_*` and `nodejs_*` about themselves. No label holds an id of a session or a job, and the few that name a node or a service are bounded.',
    ),
    `## ${tell('scheduler', 'Scheduler')}`,
    tell(
      'intro of scheduler',
      '`GET /metrics` on port 5010 of each instance. Every name of the deployment guide is among them, with its labels.',
    ),
    rows(schedulerMetrics()),
    `## ${tell('operator', 'Operator')}`,
    tell(
      'intro of operator',
      '`GET /metrics` on the port of `--metrics-port` (8080). Names that other operators have too are the same here, so that their dashboards work.',
    ),
    rows(operatorMetrics()),
  );
}
