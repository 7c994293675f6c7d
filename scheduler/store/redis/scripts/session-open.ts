/**
 * Creates a session's record; repeated by its owner, refreshes it.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 owner  2 attributes  3 resume token  4 ttl ms
 * Reply {'open', epoch} | {'taken'}
 *
 * An outbox without its session is of an earlier life and would go on with that one's sequence numbers.
 */
import { defineScript } from '../script.ts';

export const sessionOpenScript = defineScript(
  'session_open',
  `
local session = redis.call('GET', KEYS[1])
local epoch, owner, counts = '1', ARGV[1], '0|0'
if session then
  epoch, owner, counts = string.match(session, '^(%d+)|([^|]*)|%d|(%d+|%d)|')
  if owner ~= ARGV[1] then return {'taken'} end
end
redis.call('SET', KEYS[1], table.concat({epoch, owner, 1, counts, ARGV[3], ARGV[2]}, '|'), 'PX', ARGV[4])
if session then redis.call('PEXPIRE', KEYS[2], ARGV[4]) else redis.call('DEL', KEYS[2]) end
return {'open', tonumber(epoch)}
`,
);
