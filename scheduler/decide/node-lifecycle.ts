/**
 * A node's life as its heartbeats tell it: registering -> ready <-> degraded, and offline when they stop.
 * Time is a parameter, in milliseconds of one monotonic clock.
 */
import type { NodeView } from '../store/store.ts';

export type NodeStatus = NodeView['status'];

export interface NodeLife {
  readonly status: NodeStatus;
  readonly sinceMs: number;
  readonly heartbeatMs: number;
  /** Good checks in a row. */
  readonly good: number;
  /** The newest checks, newest last; true is good. */
  readonly recent: readonly boolean[];
  /** Why the status is what it is, for people. */
  readonly reason: string | null;
}

/** What a heartbeat says about a node's health. */
export interface HealthCheck {
  readonly hasGpu: boolean;
  /** Undefined when the node did not tell. */
  readonly gpuPercent: number | undefined;
  readonly servicesInstalled: number;
  readonly servicesReady: number;
}

export interface LifecycleLimits {
  readonly healthCheckCount: number;
  readonly warmupTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly windowSize: number;
  readonly failureCount: number;
  readonly consecutiveFailureCount: number;
}

export const newLife = (nowMs: number): NodeLife => ({
  status: 'registering',
  sinceMs: nowMs,
  heartbeatMs: nowMs,
  good: 0,
  recent: [],
  reason: null,
});

/** After a heartbeat. A node that is draining or offline does not come back by heartbeats. */
export function onHeartbeat(
  life: NodeLife,
  check: HealthCheck,
  nowMs: number,
  limits: LifecycleLimits,
): NodeLife {
  if (life.status === 'draining' || life.status === 'offline') return life;
  const good = isGood(check, life.status);
  const kept = Math.max(limits.windowSize, limits.consecutiveFailureCount);
  const next: NodeLife = {
    ...life,
    heartbeatMs: nowMs,
    good: good ? life.good + 1 : 0,
    recent: [...life.recent, good].slice(-kept),
  };
  return judge(next, nowMs, limits);
}

/** As time passes: too long a warm-up, or heartbeats that stopped. */
export function onTick(life: NodeLife, nowMs: number, limits: LifecycleLimits): NodeLife {
  if (life.status === 'offline') return life;
  if (nowMs - life.heartbeatMs > limits.heartbeatTimeoutMs)
    return moved(life, 'offline', 'heartbeat_timeout', nowMs);
  if (life.status === 'registering' && nowMs - life.sinceMs > limits.warmupTimeoutMs) {
    return moved(life, 'degraded', 'warmup_timeout', nowMs);
  }
  return life;
}

function judge(life: NodeLife, nowMs: number, limits: LifecycleLimits): NodeLife {
  switch (life.status) {
    case 'registering':
      return life.good >= limits.healthCheckCount
        ? moved(life, 'ready', 'health_checks_passed', nowMs)
        : life;
    case 'degraded':
      return life.good > 0 ? moved(life, 'ready', 'recovered', nowMs) : life;
    case 'ready':
      return isFailing(life, limits) ? moved(life, 'degraded', 'health_checks_failed', nowMs) : life;
    case 'draining':
    case 'offline':
      return life;
  }
}

function isFailing({ recent }: NodeLife, limits: LifecycleLimits): boolean {
  const last = recent.slice(-limits.consecutiveFailureCount);
  const inARow = last.length === limits.consecutiveFailureCount && last.every((good) => !good);
  const inWindow = recent.slice(-limits.windowSize).filter((good) => !good).length;
  return inARow || inWindow >= limits.failureCount;
}

/** A new node must have every installed service ready; later one is enough. */
function isGood(check: HealthCheck, status: NodeStatus): boolean {
  const { hasGpu, gpuPercent = 0, servicesInstalled, servicesReady } = check;
  if (!hasGpu || gpuPercent < 0 || gpuPercent > 100 || servicesInstalled === 0) return false;
  return status === 'registering' ? servicesReady === servicesInstalled : servicesReady > 0;
}

/** Into a new status with a clean record, so that old failures do not count against it. */
const moved = (life: NodeLife, status: NodeStatus, reason: string, nowMs: number): NodeLife => ({
  ...life,
  status,
  reason,
  sinceMs: nowMs,
  recent: status === life.status ? life.recent : [],
});
