/**
 * Writes or extends a session's owner key, unless a later owner wrote it already.
 *
 * KEYS  1 owner key
 * ARGV  1 instance  2 epoch  3 ttl ms
 * Reply 1 held | 0 a later epoch holds it
 *
 * PEXPIRE comes first because Redis never refuses it: connected sessions stay reachable in a full Redis.
 */
import { defineScript } from '../script.ts';

export const sessionOwnerHoldScript = defineScript(
  'session_owner_hold',
  `
local mine = ARGV[1] .. '|' .. ARGV[2]
local current = redis.call('GET', KEYS[1])
local epoch = current and tonumber(string.match(current, '|(%d+)$'))
if epoch and epoch > tonumber(ARGV[2]) then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if current ~= mine then redis.call('SET', KEYS[1], mine, 'PX', ARGV[3]) end
return 1
`,
);
