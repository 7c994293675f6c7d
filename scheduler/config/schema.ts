/**
 * `config.toml`, key by key, with the guide's defaults and our bounds. The keys keep the spelling of the file, so that
 * what a person reads in the guide is what the code says. Our own keys are additive and optional.
 *
 * Two defaults differ from the original on purpose: `phase2.enabled` and `phase2.dlq_enabled` are true whenever they are
 * not written, whether their table is there or not. The original switched both off in a table that did not name them.
 *
 * What a key means is said once: in crds/schedulercluster.yaml for those that a SchedulerCluster mirrors, here by
 * `describe` for the others. docs/reference/config.md is made from both.
 */
import { z } from 'zod';
import { endpointGraceSeconds, ports } from '../../common/workload.ts';

const port = z.int().min(0).max(65535);
const seconds = (min: number, max: number) => z.number().min(min).max(max);
const milliseconds = (min: number, max: number) => z.int().min(min).max(max);
const count = (min: number, max: number) => z.int().min(min).max(max);
const day = 86_400;

/** A table that may be left out; its keys then have their defaults. */
const table = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape).prefault({} as z.input<z.ZodObject<Shape, z.core.$strict>>);

const serviceId = z.string().max(128);

const noEffect = 'Read and checked, without effect.';

/** One spelling for redis keys and stream names; braces would move a key to another slot. */
const keyPrefix = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,64}$/, 'letters, digits and _ . : - only, 1 to 64 characters');

/** Whether it fits the pod is for `resolveInstanceId`; what fits nowhere is a fault of the file. */
const instanceId = z
  .string()
  .max(128)
  .regex(/^[^${}]*$/, {
    error: 'the id itself or "auto": it was never filled in, config.toml has no variables',
    abort: true,
  })
  .regex(/^\s*[A-Za-z0-9_.:-]*\s*$/, 'letters, digits and _ . : - only, or "auto"');

const redisUrl = z.string().regex(/^rediss?:\/\/[^\s]+$/, 'a URL that begins with redis:// or rediss://');

const jobTimeout = table({
  pending_timeout_seconds: seconds(0.1, 3600).default(10),
  failover_max_attempts: count(0, 20).default(3),
  scan_interval_ms: milliseconds(50, 60_000).default(1000),
  send_cancel: z.boolean().default(true),
});

const loadBalancer = table({
  strategy: z
    .enum(['least_connections'])
    .default('least_connections')
    .describe('How a node is chosen; there is one way: of two drawn at random the less loaded.'),
  /** Nodes whose CPU or GPU is busier than this percentage get no new jobs. */
  resource_threshold: z.number().min(0).max(100).default(25),
});

const nodeHealth = table({
  heartbeat_interval_seconds: seconds(1, 3600)
    .default(15)
    .describe('Read and checked, without effect: nodes are told `scheduler.heartbeat_interval_seconds`.'),
  heartbeat_timeout_seconds: seconds(0.1, 3600).default(45),
  health_check_count: count(1, 100).default(3),
  warmup_timeout_seconds: seconds(0.1, 3600).default(60),
  status_scan_interval_seconds: seconds(0.05, 3600).default(30),
  failure_threshold: table({
    window_size: count(1, 100).default(5),
    failure_count: count(1, 100).default(3),
    consecutive_failure_count: count(1, 100).default(3),
  }),
});

const modelNotAvailable = table({
  unavailable_ttl_seconds: seconds(0, day).default(60),
  debounce_window_seconds: seconds(0, 3600).default(5),
  node_ratelimit_window_seconds: seconds(1, 3600).default(10),
  node_ratelimit_max: count(0, 1_000_000).default(30),
});

const redis = table({
  mode: z
    .enum(['single', 'cluster'])
    .default('single')
    .describe('`single` for one Redis server, `cluster` for Redis Cluster.'),
  url: redisUrl
    .default('redis://127.0.0.1:6379')
    .describe('Address of the Redis server in mode `single`; `rediss://` means TLS.'),
  cluster_urls: z
    .array(redisUrl)
    .max(100)
    .default([])
    .describe(
      'Addresses of some nodes of the Redis Cluster in mode `cluster`; the others are found from these.',
    ),
  key_prefix: keyPrefix
    .default('lingua')
    .describe('Begins every key, so that several fleets can share one Redis.'),
  /** Ours, like the two that follow. */
  username_file: z
    .string()
    .min(1)
    .optional()
    .describe('File with the ACL user; wins over the URL, read again at each new connection.'),
  password_file: z
    .string()
    .min(1)
    .optional()
    .describe('File with the password; wins over the URL, read again at each new connection.'),
  tls_ca_file: z
    .string()
    .min(1)
    .optional()
    .describe("File with the authorities, in PEM, by one of which the server's certificate must be signed."),
});

const nodeSnapshot = table({
  enabled: z.boolean().default(true),
  presence_ttl_seconds: seconds(1, 3600).default(45),
  refresh_interval_ms: milliseconds(20, 60_000).default(2000),
  remove_stale_after_seconds: seconds(0, 30 * day).default(600),
});

const schemaCompat = table({
  enabled: z.boolean().default(false).describe(noEffect),
  stats_snapshot_enabled: z.boolean().default(false).describe(noEffect),
  stats_snapshot_ttl_seconds: seconds(1, day).default(60).describe(noEffect),
  stats_snapshot_interval_ms: milliseconds(100, 3_600_000).default(5000).describe(noEffect),
  node_caps_enabled: z.boolean().default(false).describe(noEffect),
  node_caps_ttl_seconds: seconds(0, day).default(0).describe(noEffect),
  session_bind_enabled: z.boolean().default(false).describe(noEffect),
  session_bind_ttl_seconds: seconds(1, day).default(3600).describe(noEffect),
});

const phase2 = table({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether this instance shares a Redis with others; without it everything lives in its memory.'),
  instance_id: instanceId
    .default('auto')
    .describe('Unique in the fleet. In a pod it must be the name of the pod; `auto` makes one up.'),
  owner_ttl_seconds: seconds(1, 3600).default(45),
  stream_block_ms: milliseconds(1, 60_000).default(1000),
  stream_count: count(1, 10_000).default(64),
  stream_group: keyPrefix.default('scheduler'),
  stream_maxlen: count(100, 10_000_000).default(10_000),
  dlq_enabled: z.boolean().default(true),
  dlq_maxlen: count(100, 10_000_000).default(10_000),
  dlq_max_deliveries: count(1, 1000).default(10),
  dlq_min_idle_ms: milliseconds(0, 3_600_000).default(60_000),
  dlq_scan_interval_ms: milliseconds(100, 3_600_000).default(5000),
  dlq_scan_count: count(1, 10_000).default(100),
  redis,
  node_snapshot: nodeSnapshot,
  schema_compat: schemaCompat,
  /** Ours: how soon an unacknowledged inbox entry is looked at again. */
  reclaim_idle_ms: milliseconds(100, 3_600_000).default(5000),
  /** Ours: a Redis command that takes longer has failed. */
  command_timeout_ms: milliseconds(50, 60_000).default(5000),
});

const phase3 = table({
  enabled: z.boolean().default(false),
  mode: z.enum(['two_level']).default('two_level').describe('How pools are used; there is one way.'),
  pool_count: count(1, 65_535).default(16),
  hash_seed: count(0, Number.MAX_SAFE_INTEGER).default(0),
  fallback_scan_all_pools: z.boolean().default(true),
  pool_match_scope: z.enum(['core_only', 'all_required']).default('core_only'),
  pool_match_mode: z.enum(['contains', 'exact']).default('contains'),
  strict_pool_eligibility: z.boolean().default(false),
  pools: z
    .array(
      z.strictObject({
        pool_id: count(0, 65_535),
        name: z.string().max(128).default(''),
        required_services: z.array(serviceId).max(100).default([]),
      }),
    )
    .max(1000)
    .default([]),
  tenant_overrides: z
    .array(z.strictObject({ tenant_id: z.string().max(128), pool_id: count(0, 65_535) }))
    .max(10_000)
    .default([]),
});

const scheduler = table({
  max_concurrent_jobs_per_node: count(1, 10_000).default(4),
  job_timeout_seconds: seconds(0.1, 3600).default(30),
  heartbeat_interval_seconds: seconds(0.5, 3600).default(15),
  job_timeout: jobTimeout,
  load_balancer: loadBalancer,
  node_health: nodeHealth,
  model_not_available: modelNotAvailable,
  task_binding: table({
    lease_seconds: seconds(1, day).default(90),
    reserved_ttl_seconds: seconds(1, day).default(90).describe(noEffect),
    spread_enabled: z.boolean().default(false),
    spread_window_seconds: seconds(0, day).default(30),
  }),
  web_task_segmentation: table({ pause_ms: milliseconds(0, 600_000).default(1000) }),
  observability: table({
    lock_wait_warn_ms: milliseconds(0, 600_000).default(10).describe(noEffect),
    path_warn_ms: milliseconds(0, 600_000).default(50).describe(noEffect),
  }),
  core_services: table({
    asr_service_id: serviceId.default('node-inference'),
    nmt_service_id: serviceId.default('nmt-m2m100'),
    tts_service_id: serviceId.default('piper-tts'),
  }),
  phase2,
  phase3,
  /** Ours. */
  drain_timeout_seconds: seconds(0, 3600)
    .default(30)
    .describe('How long a drain lets running jobs finish before it hands them over.'),
  /** Ours: how long a draining instance goes on serving, so that load balancers can notice. */
  endpoint_grace_seconds: seconds(0, 300).default(endpointGraceSeconds),
  /** Ours: how long an answer waits for one with a lower index. */
  result_hold_seconds: seconds(0, 3600).default(10),
  /** Ours: a node that comes back within this time keeps its jobs. */
  node_grace_seconds: seconds(0, 300).default(2),
  /** Ours: how long a session's record and answers outlive its socket. */
  session_keep_seconds: seconds(1, day).default(120),
  /** Ours: whether an accept or finish also waits for a replica. */
  durability: z.enum(['redis', 'replicated']).default('redis'),
});

const ConfigTables = z.strictObject({
  server: table({
    port: port
      .default(ports.http)
      .describe('Where clients, nodes and people connect: WebSockets, routes, metrics.'),
    host: z.string().min(1).max(255).default('0.0.0.0').describe('Address to listen on.'),
    /** Ours: web pages that may connect, as `https://host`; empty allows any. Clients that are no browser name none. */
    allowed_origins: z.array(z.string().max(2048)).max(1000).default([]),
  }),
  /** Ours. */
  admin: table({
    port: port.default(ports.admin).describe('Where the admin API listens; it answers only with its token.'),
  }),
  model_hub: table({
    /** Empty: no catalogue is asked for. The original asked localhost:5000 unless it was told otherwise. */
    base_url: z
      .string()
      .max(2048)
      .regex(/^(https?:\/\/[^\s]+)?$/, 'a URL that begins with http:// or https://, or nothing')
      .default(''),
    storage_path: z
      .string()
      .max(4096)
      .default('./models')
      .describe('Folder whose `services_index.json` stands in for the catalogue until it answers.'),
  }),
  scheduler,
  /** Ours: what one process takes on, and what it does not. */
  limits: table({
    max_sessions: count(0, 1_000_000).default(10_000),
    max_nodes: count(0, 1_000_000).default(2000),
    max_payload_bytes: count(1024, 256 * 1024 * 1024).default(16 * 1024 * 1024),
    /** A peer that leaves this much unread is closed with 1013. */
    send_queue_bytes: count(65_536, 1024 * 1024 * 1024).default(32 * 1024 * 1024),
    /** When all together leave more than this unread, those who leave most are closed. */
    send_queue_total_bytes: count(65_536, 64 * 1024 * 1024 * 1024).default(256 * 1024 * 1024),
    /** A peer that does not answer pings for twice this long is gone; 0 sends none. */
    ping_interval_seconds: seconds(0, 3600).default(20),
    /** Audio and answers up to this size travel inside hints; larger ones are fetched from their record. */
    inline_payload_bytes: count(0, 1024 * 1024).default(16 * 1024),
    /** Frames of a node may be larger than a client's: they carry speech. */
    max_node_payload_bytes: count(1024, 256 * 1024 * 1024).default(32 * 1024 * 1024),
    /** Connections from one address; 0 is no limit. Behind a proxy all clients have one address. */
    max_connections_per_address: count(0, 1_000_000).default(0),
    /** Messages of one connection per second, in the long run and at once; further ones wait unread. 0 is no limit. */
    messages_per_second: count(0, 1_000_000).default(200),
    messages_burst: count(1, 1_000_000).default(1000),
    /** Utterances of one session without an answer; a further one is answered `NODE_OVERLOADED`. */
    max_open_jobs_per_session: count(1, 100_000).default(256),
    /** Jobs of one instance that wait for a node; a further one is answered `NODE_OVERLOADED`. */
    max_waiting_jobs: count(1, 1_000_000).default(5000),
    /** Answers a resumable session may leave unacknowledged; then new utterances are answered `NODE_OVERLOADED`. */
    max_unacknowledged_answers: count(1, 100_000).default(1000),
    /** Event loop delay (p99 of the last second) beyond which new utterances are answered `NODE_OVERLOADED`; 0 never. */
    overload_delay_ms: milliseconds(0, 60_000).default(500),
  }),
  /** Ours: the log also goes to a file that is rotated by size. Not for Kubernetes, where stdout is enough. */
  log: table({
    file: z
      .string()
      .max(4096)
      .default('')
      .describe('The log also goes here; empty: to stdout only. The guide has logs/scheduler.log.'),
    max_file_bytes: count(10_000, 1024 * 1024 * 1024)
      .default(5 * 1024 * 1024)
      .describe('Size at which a file is rotated.'),
    max_files: count(1, 100).default(5).describe('Files kept, the current one among them.'),
  }),
  /** Ours. */
  dashboard: table({ enabled: z.boolean().default(true) }),
});

export const Config = ConfigTables.superRefine(({ server, admin }, context) => {
  // 0 is any free port.
  if (server.port !== admin.port || server.port === 0) return;
  const path = server.port === ports.http ? ['admin', 'port'] : ['server', 'port'];
  context.addIssue({ code: 'custom', path, message: 'two different ports for [server] and [admin]' });
});
export type Config = z.infer<typeof Config>;

/** Keys that are read and checked but change nothing yet: said once at the start when a file sets them. */
export const ineffectiveKeys: readonly string[] = [
  'scheduler.node_health.heartbeat_interval_seconds',
  'scheduler.task_binding.reserved_ttl_seconds',
  'scheduler.observability',
  'scheduler.phase2.schema_compat',
];
