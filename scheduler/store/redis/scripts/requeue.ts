/**
 * Makes a dispatched job pending again at the same attempt.
 *
 * KEYS  1 job  2 due index
 * ARGV  1 due member  2 attempt believed  3 deadline ms
 * Reply {'requeued'} | {'stale', attempt} | {'finished'} | {'unknown'}
 */
import { defineScript, luaNow } from '../script.ts';

export const requeueScript = defineScript(
  'requeue',
  `${luaNow}
local job = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if not job[1] then return {'unknown'} end
if job[1] == 'finished' then return {'finished'} end
if job[2] ~= ARGV[2] then return {'stale', tonumber(job[2])} end
if job[1] == 'pending' then return {'requeued'} end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'pending', 'node', '', 'instance', '')
redis.call('ZADD', KEYS[2], nowMs() + ARGV[3], ARGV[1])
return {'requeued'}
`,
);
