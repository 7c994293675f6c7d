/**
 * Ends the reaping of a dead instance whose inbox is empty: nothing of it stays but its epoch, so that epochs never
 * repeat, and for a while its dead letters.
 *
 * KEYS  1 lease  2 inbox  3 dead letters  4 figures
 * ARGV  1 token of the reaper  2 how long dead letters are kept, in ms
 * Reply 1 retired | 0 not the reaper any more, or there are entries
 */
import { defineScript } from '../script.ts';

export const instanceRetireScript = defineScript(
  'instance_retire',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('XLEN', KEYS[2]) > 0 then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[4])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return 1
`,
);
