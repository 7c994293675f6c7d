/**
 * Extends the life of an owner's sessions in one partition.
 *
 * KEYS  session, outbox, session, outbox, ...
 * ARGV  1 owner  2 ttl ms  3... epoch of each session
 * Reply 1 or 0 for each session: still the owner's under that epoch, or not
 */
import { defineScript } from '../script.ts';

export const sessionRenewScript = defineScript(
  'session_renew',
  `
local ours = {}
for i = 1, #KEYS, 2 do
  local session = redis.call('HMGET', KEYS[i], 'owner', 'epoch')
  local held = session[1] == ARGV[1] and session[2] == ARGV[2 + (i + 1) / 2]
  if held then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
    redis.call('PEXPIRE', KEYS[i + 1], ARGV[2])
  end
  ours[#ours + 1] = held and 1 or 0
end
return ours
`,
);
