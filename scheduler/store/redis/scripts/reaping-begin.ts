/**
 * Holds the lease of an instance that has none, with the token of its reaper; repeated by the reaper, extends it.
 *
 * KEYS  1 lease of the dead instance
 * ARGV  1 token of the reaper  2 ttl ms
 * Reply 1 reaping | 0 it lives, or another reaps it
 *
 * PEXPIRE is never refused, and after it SET is not either: a full Redis needs its reapers.
 */
import { defineScript } from '../script.ts';

export const reapingBeginScript = defineScript(
  'reaping_begin',
  `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if not holder then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
`,
);
