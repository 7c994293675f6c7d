/**
 * Makes an instance the session's owner under a higher epoch; from here on the previous owner is fenced.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 owner  2 resume token  3 ttl ms
 * Reply {'taken', epoch, sequence, attributes, acknowledged, previous owner} | {'unknown'} | {'denied'}
 */
import { defineScript } from '../script.ts';

export const sessionTakeOverScript = defineScript(
  'session_take_over',
  `
local session = redis.call('HMGET', KEYS[1], 'owner', 'seq', 'attributes', 'acked', 'token')
if not session[1] then return {'unknown'} end
if session[5] ~= ARGV[2] then return {'denied'} end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('HDEL', KEYS[1], 'released')
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
return {'taken', epoch, tonumber(session[2]), session[3], tonumber(session[4] or 0), session[1]}
`,
);
