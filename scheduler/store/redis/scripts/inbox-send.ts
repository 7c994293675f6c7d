/**
 * Appends an entry to an instance's inbox, if somebody will read it and it is not full. Nothing is ever trimmed.
 *
 * KEYS  1 lease  2 inbox
 * ARGV  1 longest length  2 payload
 * Reply 'sent' | 'busy' | 'no_owner'
 */
import { defineScript } from '../script.ts';

export const inboxSendScript = defineScript(
  'xadd',
  `
if redis.call('EXISTS', KEYS[1]) == 0 then return 'no_owner' end
if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[1]) then return 'busy' end
redis.call('XADD', KEYS[2], '*', 'payload', ARGV[2])
return 'sent'
`,
);
