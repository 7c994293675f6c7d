/**
 * Notes that nodes were seen now.
 *
 * KEYS  1 last seen index
 * ARGV  node ids
 *
 * PERSIST changes nothing here, but it is a write that Redis never refuses, and then refuses nothing.
 */
import { defineScript, luaNow } from '../script.ts';

export const nodesSeenScript = defineScript(
  'nodes_seen',
  `${luaNow}
redis.call('PERSIST', KEYS[1])
local now = nowMs()
for _, node in ipairs(ARGV) do redis.call('ZADD', KEYS[1], now, node) end
`,
);

/**
 * Nodes that were not seen for a while, longest ago first.
 *
 * KEYS  1 last seen index
 * ARGV  1 older than ms  2 limit
 * Reply node ids
 */
export const nodesStaleScript = defineScript(
  'nodes_stale',
  `${luaNow}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowMs() - ARGV[1], 'LIMIT', 0, ARGV[2])
`,
);
