/** What the dashboard draws. Types only: the page is checked against them, and imports nothing else of ours. */

export interface DashboardData {
  readonly at_ms: number;
  /** The instance that answers. */
  readonly served_by: string;
  readonly version: string;
  readonly key_prefix: string | null;
  /** How old what is said of the other instances is. */
  readonly fleet_age_ms: number;
  readonly redis: {
    readonly reachable: boolean;
    readonly round_trip_ms: number | null;
    readonly error: string | null;
  };
  readonly totals: DashboardTotals;
  readonly history: DashboardHistory;
  readonly instances: readonly DashboardInstance[];
  readonly nodes: readonly DashboardNode[];
  readonly nodes_left_out: number;
  /** The newest first. */
  readonly notable: readonly DashboardNotable[];
}

export interface DashboardTotals {
  readonly instances: number;
  readonly instances_serving: number;
  readonly sessions: number;
  readonly sessions_detached: number;
  readonly nodes: number;
  readonly nodes_ready: number;
  readonly slots: number;
  readonly slots_used: number;
  readonly jobs_per_second: number;
  readonly waiting: number;
  readonly running: number;
  /** Of the last minute. */
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly inbox: number;
  readonly pending: number;
  readonly dlq: number;
}

/** One value every two seconds, the newest last. */
export interface DashboardHistory {
  readonly jobs_per_second: readonly (number | null)[];
  readonly p50_ms: readonly (number | null)[];
  readonly p99_ms: readonly (number | null)[];
  readonly waiting: readonly (number | null)[];
  readonly running: readonly (number | null)[];
}

export interface DashboardInstance {
  readonly instance_id: string;
  readonly state: 'serving' | 'draining' | 'silent' | 'gone';
  readonly hostname: string | null;
  readonly pid: number | null;
  readonly version: string | null;
  readonly uptime_seconds: number | null;
  readonly sessions: number | null;
  readonly nodes: number | null;
  readonly waiting: number | null;
  readonly running: number | null;
  readonly jobs_per_second: number | null;
  readonly rate_history: readonly (number | null)[];
  readonly redis_round_trip_ms: number | null;
  readonly loop_delay_ms: number | null;
  readonly inbox: number;
  readonly pending: number;
  readonly dlq: number;
}

export interface DashboardNode {
  readonly node_id: string;
  readonly instance_id: string;
  readonly status: 'registering' | 'ready' | 'degraded' | 'draining' | 'offline';
  readonly slots: number;
  readonly running: number;
  readonly services: readonly string[];
  readonly cpu_percent: number;
  readonly gpu_percent: number;
  readonly memory_percent: number;
}

export interface DashboardNotable {
  readonly at_ms: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly what: string;
  readonly count: number;
  readonly instance_id: string;
}
