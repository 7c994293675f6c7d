/**
 * What the operator and the scheduler agree on, as data: names, ports, paths and the drain rule. The operator builds
 * pods from it and the scheduler reads its world by it, so neither can drift alone.
 */

export const ports = {
  /** WebSocket, probes, metrics and dashboard; the guide's port and the default of `[server] port`. */
  http: 5010,
  /** Admin API, for the operator and for people with the token. */
  admin: 5011,
} as const;

/** Where Redis listens unless somebody says otherwise. */
export const redisPort = 6379;

export const paths = {
  sessionSocket: '/ws/session',
  nodeSocket: '/ws/node',
  health: '/health',
  livez: '/livez',
  readyz: '/readyz',
  metrics: '/metrics',
  stats: '/api/v1/stats',
  cluster: '/api/v1/cluster',
  counters: '/api/v1/metrics',
  pools: '/api/v1/phase3/pools',
  simulate: '/api/v1/phase3/simulate',
  dashboard: '/dashboard',
  adminInstance: '/admin/v1/instance',
  adminDrain: '/admin/v1/drain',
  adminProbe: '/admin/v1/probe',
} as const;

/** Environment variables a scheduler pod gets; see docs/design/scheduler.md for their meaning outside Kubernetes. */
export const environment = {
  podName: 'POD_NAME',
  podUid: 'POD_UID',
  podIndex: 'POD_INDEX',
  /** Overrides the listening address of every port, so that several instances fit on one host. */
  bindAddress: 'LINGUA_BIND_ADDRESS',
  /** A file with the bearer token of the admin API; without it the admin API refuses every call. */
  adminTokenFile: 'LINGUA_ADMIN_TOKEN_FILE',
  /** Where the Model Hub is, instead of `[model_hub] base_url`; the original's name. */
  modelHubUrl: 'MODEL_HUB_URL',
} as const;

export const mounts = {
  /** Holds one `<pod name>.toml` per ordinal. */
  configDirectory: '/etc/lingua/config',
  adminTokenFile: '/etc/lingua/admin/token',
  /** Files of the Secrets for Redis; the configuration names them. */
  redisUsernameFile: '/etc/lingua/redis-auth/username',
  redisPasswordFile: '/etc/lingua/redis-auth/password',
  redisCaFile: '/etc/lingua/redis-tls/ca.crt',
} as const;

/** Where programs are in the scheduler's image, for those who run its tools in a pod; Dockerfile.scheduler puts them there. */
export const programs = {
  node: '/nodejs/bin/node',
  scheduler: '/app/scheduler.mjs',
} as const;

/** Key of the admin token in the Secret that the operator creates for a cluster. */
export const adminTokenKey = 'token';

/** How long a pod goes on serving after it said it is leaving, so that endpoints can notice; seconds. */
export const endpointGraceSeconds = 5;

/**
 * `terminationGracePeriodSeconds` of a scheduler pod: what its drain may take, and a margin for closing. The running
 * jobs are given `drainTimeoutSeconds` at most; what is left then is handed over to other instances.
 */
export function terminationGraceSeconds(drainTimeoutSeconds: number, endpointGrace?: number): number {
  return (endpointGrace ?? endpointGraceSeconds) + drainTimeoutSeconds + 10;
}
