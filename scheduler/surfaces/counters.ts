/** `GET /api/v1/metrics`: the counters people look at, as JSON in the original's groups; Prometheus has them all. */
import type { Metrics } from '../metrics.ts';
import type { Tally } from '../series.ts';

interface Known {
  readonly catalogue: { readonly failures: number; readonly lastSuccessAgeSeconds: number | null };
  readonly pauseMs: number;
  readonly limits: { readonly lock_wait_warn_ms: number; readonly path_warn_ms: number };
}

const listed = 20;

export function countersAnswer(metrics: Metrics, known: Known) {
  return {
    stats: { requests_total: sum(metrics.statsRequests), stale_total: sum(metrics.statsStale) },
    service_catalog: {
      fail_count: known.catalogue.failures,
      last_success_age_seconds: known.catalogue.lastSuccessAgeSeconds,
    },
    model_not_available: {
      received_total: sum(metrics.modelNotAvailable),
      rate_limited_total: sum(metrics.modelNotAvailableLimited),
      marked_total: sum(metrics.modelNotAvailableMarked),
      by_service: top(metrics.modelNaByService, 'service_id'),
      by_reason: top(metrics.modelNaByReason, 'reason'),
      rate_limited_by_node: top(metrics.modelNaLimitedByNode, 'node_id'),
      marked_by_node: top(metrics.modelNaMarkedByNode, 'node_id'),
    },
    dispatch_exclude: {
      no_available_node_total: sum(metrics.noAvailableNode),
      by_reason: top(metrics.noAvailableNode, 'reason'),
    },
    web_task_segmentation: {
      pause_ms: known.pauseMs,
      finalized: Object.fromEntries(
        top(metrics.webTasksFinalized, 'reason').map(({ name, count }) => [name, count]),
      ),
    },
    observability: known.limits,
  };
}

function sum<Label extends string>(tally: Tally<Label>): number {
  let total = 0;
  for (const { value } of tally.sums()) total += value;
  return total;
}

/** The most frequent values of a label. */
function top<Label extends string>(tally: Tally<Label>, label: Label): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { labels, value } of tally.sums())
    counts.set(labels[label], (counts.get(labels[label]) ?? 0) + value);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, listed);
}
