/**
 * The oldest entries of a dead instance, for its reaper.
 *
 * KEYS  1 lease  2 inbox
 * ARGV  1 '<reaper>|', with which the reaper's token begins  2 limit
 * Reply entries; none for anybody else
 */
import { defineScript } from '../script.ts';

export const inboxSalvageScript = defineScript(
  'inbox_salvage',
  `
local holder = redis.call('GET', KEYS[1])
if not holder or string.sub(holder, 1, #ARGV[1]) ~= ARGV[1] then return {} end
return redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[2])
`,
);
