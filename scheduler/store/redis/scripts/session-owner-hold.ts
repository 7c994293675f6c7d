/**
 * Writes or extends owner keys of sessions, but not those that a later owner wrote already.
 *
 * KEYS  owner keys
 * ARGV  1 instance  2 ttl ms  3... epoch of each session
 * Reply nothing that anybody reads
 *
 * PEXPIRE comes first because Redis never refuses it: connected sessions stay reachable in a full Redis.
 */
import { defineScript } from '../script.ts';

export const sessionOwnerHoldScript = defineScript(
  'session_owner_hold',
  `
for i, key in ipairs(KEYS) do
  local mine = ARGV[1] .. '|' .. ARGV[2 + i]
  local current = redis.call('GET', key)
  local epoch = current and tonumber(string.match(current, '|(%d+)$'))
  if not epoch or epoch <= tonumber(ARGV[2 + i]) then
    redis.call('PEXPIRE', key, ARGV[2])
    if current ~= mine then redis.call('SET', key, mine, 'PX', ARGV[2]) end
  end
end
return 1
`,
);
