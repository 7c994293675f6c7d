/**
 * Gives a job to a node as its next attempt, by compare-and-set on the attempt.
 *
 * KEYS  1 job  2 due index
 * ARGV  1 due member  2 attempt believed  3 node  4 instance  5 deadline ms  6 failovers to add (0 or 1)
 * Reply {'dispatched', attempt} | {'stale', attempt} | {'finished'} | {'unknown'}
 *
 * ZREM is never refused at maxmemory, and after a first write the others are not either.
 */
import { defineScript, luaNow } from '../script.ts';

export const dispatchScript = defineScript(
  'dispatch',
  `${luaNow}
local record = redis.call('GET', KEYS[1])
if not record then return {'unknown'} end
local attempt, state, fixed, failovers, node, instance, rest =
  string.match(record, '^(%d+)|(%a)|(%d+|%d)|(%d+)|([^|]*)|([^|]*)|(.*)$')
if state == 'f' then return {'finished'} end
local at, believed = tonumber(attempt), tonumber(ARGV[2])
local repeated = state == 'd' and at == believed + 1 and node == ARGV[3] and instance == ARGV[4]
if repeated then return {'dispatched', at} end
if at ~= believed then return {'stale', at} end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('SET', KEYS[1],
  table.concat({at + 1, 'd', fixed, failovers + ARGV[6], ARGV[3], ARGV[4], rest}, '|'))
redis.call('ZADD', KEYS[2], nowMs() + ARGV[5], ARGV[1])
return {'dispatched', at + 1}
`,
);
