/**
 * Appends an entry to an instance's inbox, if somebody will read it and it is not full. Nothing is ever trimmed.
 *
 * KEYS  1 lease  2 inbox
 * ARGV  1 '<instance>|', with which its own lease begins; a reaper's does not  2 longest length  3 payload
 * Reply 'sent' | 'busy' | 'no_owner'
 */
import { defineScript } from '../script.ts';

/** `deliver(lease, inbox, mark, maxLength, payload)` for scripts that send. */
export const luaDeliver = `
local function deliver(lease, inbox, mark, maxLength, payload)
  local holder = redis.call('GET', lease)
  if not holder or string.sub(holder, 1, #mark) ~= mark then return 'no_owner' end
  if redis.call('XLEN', inbox) >= tonumber(maxLength) then return 'busy' end
  redis.call('XADD', inbox, '*', 'payload', payload)
  return 'sent'
end
`;

export const inboxSendScript = defineScript(
  'xadd',
  `${luaDeliver}
return deliver(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
`,
);
