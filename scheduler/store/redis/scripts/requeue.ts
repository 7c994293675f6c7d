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
local record = redis.call('GET', KEYS[1])
if not record then return {'unknown'} end
local attempt, state, fixed, rest = string.match(record, '^(%d+)|(%a)|(%d+|%d|%d+)|[^|]*|[^|]*|(.*)$')
if state == 'f' then return {'finished'} end
if attempt ~= ARGV[2] then return {'stale', tonumber(attempt)} end
if state == 'p' then return {'requeued'} end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('SET', KEYS[1], attempt .. '|p|' .. fixed .. '|||' .. rest)
redis.call('ZADD', KEYS[2], nowMs() + ARGV[3], ARGV[1])
return {'requeued'}
`,
);
