/**
 * What the deployment guide promises a person who follows it, from its top to its end, as data: a test walks it on a fleet.
 * The words are the guide's own.
 */

/** The guide's file for instance 1, key by key as it prints it; what differs between its instances is the id. */
export const guideConfig = `[server]
port = 5010
host = "0.0.0.0"

[model_hub]
base_url = "http://your-model-hub:5000"
storage_path = "./models"

[scheduler]
max_concurrent_jobs_per_node = 4
job_timeout_seconds = 30
heartbeat_interval_seconds = 15

[scheduler.phase2]
enabled = true
instance_id = "scheduler-1"
owner_ttl_seconds = 45
stream_block_ms = 1000
stream_count = 64
stream_group = "scheduler"
stream_maxlen = 10000

dlq_enabled = true
dlq_maxlen = 10000
dlq_max_deliveries = 10
dlq_min_idle_ms = 60000
dlq_scan_interval_ms = 5000
dlq_scan_count = 100

[scheduler.phase2.redis]
mode = "single"
url = "redis://your-redis-host:6379"
key_prefix = "lingua-prod"

[scheduler.phase2.node_snapshot]
enabled = true
presence_ttl_seconds = 45
refresh_interval_ms = 2000
remove_stale_after_seconds = 600
`;

/** The prefix of every key that the guide prints. */
export const guidePrefix = 'lingua-prod';

/** Each `redis-cli` line of the guide, and what a healthy fleet answers. `<instance_id>` and `<node_id>` are its own. */
export const redisLines: readonly { readonly line: string; readonly answer: RegExp }[] = [
  {
    line: 'redis-cli KEYS "lingua-prod:schedulers:presence:*"',
    answer: /lingua-prod:schedulers:presence:scheduler-1/,
  },
  {
    line: 'redis-cli GET "lingua-prod:schedulers:presence:scheduler-1"',
    answer: /"instance_id":"scheduler-1"/,
  },
  {
    line: 'redis-cli XINFO STREAM "lingua-prod:streams:{instance:scheduler-1}:inbox"',
    answer: /^length\n\d+\n/,
  },
  {
    line: 'redis-cli XINFO GROUPS "lingua-prod:streams:{instance:scheduler-1}:inbox"',
    answer: /^name\nscheduler\nconsumers\n\d+\npending\n\d+/,
  },
  {
    line: 'redis-cli XPENDING "lingua-prod:streams:{instance:scheduler-1}:inbox" scheduler',
    answer: /^0\n/,
  },
  { line: 'redis-cli XLEN "lingua-prod:streams:{instance:scheduler-1}:dlq"', answer: /^0\n/ },
  { line: 'redis-cli SMEMBERS "lingua-prod:v1:nodes:all"', answer: /<node_id>/ },
  { line: 'redis-cli GET "lingua-prod:v1:nodes:snapshot:<node_id>"', answer: /"node_id":"<node_id>"/ },
  { line: 'redis-cli ping', answer: /^PONG\n/ },
  {
    line: 'redis-cli GET "lingua-prod:schedulers:presence:<instance_id>"',
    answer: /"state":"serving"/,
  },
  { line: 'redis-cli XLEN "lingua-prod:streams:{instance:<instance_id>}:dlq"', answer: /^0\n/ },
];

/** Metric names with the labels that the guide writes beside them. */
export const metrics: readonly { readonly name: string; readonly labels: readonly string[] }[] = [
  { name: 'scheduler_phase2_redis_op_total', labels: ['op', 'result'] },
  { name: 'scheduler_phase2_inbox_pending', labels: [] },
  { name: 'scheduler_phase2_dlq_moved_total', labels: [] },
  { name: 'scheduler_phase2_presence_heartbeat_total', labels: [] },
  { name: 'scheduler_jobs_total', labels: ['status'] },
  { name: 'scheduler_nodes_total', labels: ['status'] },
  { name: 'scheduler_sessions_total', labels: [] },
  { name: 'scheduler_node_selection_duration_seconds', labels: [] },
  { name: 'scheduler_redis_op_duration_seconds', labels: ['op'] },
];

/** What it says to look for in them. */
export const metricSelectors: readonly string[] = [
  'scheduler_phase2_redis_op_total{op="xreadgroup",result="ok"}',
];

export const routes: readonly { readonly path: string; readonly type: RegExp; readonly body: RegExp }[] = [
  { path: '/health', type: /^text\/plain/, body: /^OK$/ },
  { path: '/metrics', type: /^text\/plain/, body: /^scheduler_jobs_total/m },
  { path: '/dashboard', type: /^text\/html/, body: /<!doctype html>/i },
  { path: '/api/v1/stats', type: /^application\/json/, body: /"active_users"/ },
];

/** Log events, and who writes them. */
export const logEvents: readonly { readonly text: string; readonly fields: readonly string[] }[] = [
  { text: 'Phase2 已启用', fields: ['instance_id'] },
  { text: 'Redis connected', fields: [] },
  { text: 'Enqueued to instance inbox', fields: [] },
];

/** When it wants people to be told. */
export const alerts = {
  pending: 1000,
  deadLetters: 100,
  presenceMissingSeconds: 60,
  selectionFailurePart: 0.05,
};
