/**
 * The session's socket is gone: its record and outbox live on for a while, for whoever takes it over. For
 * nobody when that while is 0: then they are gone when this is answered.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 owner  2 epoch  3 keep ms
 * Reply 1 released | 0 not the owner under that epoch
 */
import { defineScript } from '../script.ts';

export const sessionReleaseScript = defineScript(
  'session_release',
  `
local session = redis.call('GET', KEYS[1])
local held, rest = string.match(session or '', '^(%d+|[^|]*|)%d(.*)$')
if held ~= ARGV[2] .. '|' .. ARGV[1] .. '|' then return 0 end
if tonumber(ARGV[3]) == 0 then
  redis.call('DEL', KEYS[1], KEYS[2])
  return 1
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('SET', KEYS[1], held .. '0' .. rest, 'PX', ARGV[3])
return 1
`,
);
