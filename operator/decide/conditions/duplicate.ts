/** Whether another process has an instance's name. */
import type { Pod } from '../../kube/resources.ts';
import { reportOf } from '../pods.ts';
import type { Facts } from './facts.ts';

/**
 * Who holds the lease instead. A process that died without a word leaves its lease for one TTL, and its successor waits: only
 * longer is a fault.
 */
export function duplicateHolder({ cluster, seen, nowMs }: Facts, pod: Pod): string | undefined {
  const report = reportOf(seen, pod);
  if (!report || report.lease.held || report.lease.holder === null || !report.redis.reachable)
    return undefined;
  const waitedMs = nowMs - Date.parse(report.startedAt);
  const isLong = waitedMs > 2_000 * cluster.spec.config.scheduler.phase2.ownerTtlSeconds;
  return isLong ? report.lease.holder : undefined;
}
