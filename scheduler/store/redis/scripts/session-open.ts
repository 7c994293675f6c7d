/**
 * Creates a session's record; repeated by its owner, refreshes it.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 owner  2 attributes  3 resume token  4 ttl ms
 * Reply {'open', epoch} | {'taken'}
 *
 * An outbox without its session is of an earlier life and would refuse the new one's smaller sequence numbers.
 */
import { defineScript } from '../script.ts';

export const sessionOpenScript = defineScript(
  'session_open',
  `
local session = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if session[1] and session[1] ~= ARGV[1] then return {'taken'} end
local epoch = session[2] or '1'
if session[1] then
  redis.call('HSET', KEYS[1], 'attributes', ARGV[2], 'token', ARGV[3])
  redis.call('HDEL', KEYS[1], 'released')
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
else
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch, 'seq', 0, 'attributes', ARGV[2], 'token', ARGV[3])
  redis.call('DEL', KEYS[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'open', tonumber(epoch)}
`,
);
