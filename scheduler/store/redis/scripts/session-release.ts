/**
 * The session's socket is gone: its record and outbox live on for a while, for whoever takes it over.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 owner  2 epoch  3 keep ms
 * Reply 1 released | 0 not the owner under that epoch
 */
import { defineScript } from '../script.ts';

export const sessionReleaseScript = defineScript(
  'session_release',
  `
local session = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if session[1] ~= ARGV[1] or session[2] ~= ARGV[2] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[1], 'released', 1)
return 1
`,
);
