/**
 * Records a new job, once, for the session's owner only.
 *
 * KEYS  1 session  2 job  3 due index  4 request (only when the client gave an idempotency key)
 * ARGV  1 job id  2 session id  3 session epoch  4 state  5 attempt  6 node  7 instance  8 utterance index
 *       9 assign  10 audio  11 deadline ms  12 keep ms  13 request id, '' when there is none
 * Reply {'accepted'} | {'duplicate', job id} | {'fenced'}
 *
 * The first write is one that Redis refuses at maxmemory, so that a full Redis refuses the job whole.
 */
import { defineScript, luaNow } from '../script.ts';

export const acceptScript = defineScript(
  'accept',
  `${luaNow}
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[3] then return {'fenced'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'accepted'} end
local first = KEYS[4] and redis.call('GET', KEYS[4])
if first then return {'duplicate', first} end
local now = nowMs()
redis.call('HSET', KEYS[2], 'state', ARGV[4], 'attempt', ARGV[5], 'failovers', 0, 'session', ARGV[2],
  'index', ARGV[8], 'node', ARGV[6], 'instance', ARGV[7], 'created', now,
  'request', ARGV[13], 'assign', ARGV[9], 'audio', ARGV[10])
redis.call('ZADD', KEYS[3], now + ARGV[11], ARGV[2] .. '/' .. ARGV[1])
if KEYS[4] then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[12]) end
return {'accepted'}
`,
);
