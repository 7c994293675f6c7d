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
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'node', 'instance')
if not job[1] then return {'unknown'} end
if job[1] == 'finished' then return {'finished'} end
local at, believed = tonumber(job[2]), tonumber(ARGV[2])
local repeated = job[1] == 'dispatched' and at == believed + 1 and job[3] == ARGV[3] and job[4] == ARGV[4]
if repeated then return {'dispatched', at} end
if at ~= believed then return {'stale', at} end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'dispatched', 'attempt', at + 1, 'node', ARGV[3], 'instance', ARGV[4])
if ARGV[6] == '1' then redis.call('HINCRBY', KEYS[1], 'failovers', 1) end
redis.call('ZADD', KEYS[2], nowMs() + ARGV[5], ARGV[1])
return {'dispatched', at + 1}
`,
);
