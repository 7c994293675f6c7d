/**
 * Extends the life of an owner's sessions: of one partition, or of any where Redis is single.
 *
 * KEYS  n sessions, n outboxes
 * ARGV  1 owner  2 ttl ms  3... epoch of each session
 * Reply 1 or 0 for each session: still the owner's under that epoch, or not
 */
import { defineScript } from '../script.ts';

export const sessionRenewScript = defineScript(
  'session_renew',
  `
local n = #KEYS / 2
local sessions = redis.call('MGET', unpack(KEYS, 1, n))
local ours = {}
for i = 1, n do
  local mine = ARGV[2 + i] .. '|' .. ARGV[1] .. '|'
  local held = sessions[i] and string.sub(sessions[i], 1, #mine) == mine
  if held then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
    redis.call('PEXPIRE', KEYS[n + i], ARGV[2])
  end
  ours[i] = held and 1 or 0
end
return ours
`,
);
