/**
 * One step through the deadline index of a partition, which names every open job of it.
 *
 * KEYS  1 due index
 * ARGV  1 cursor  2 pattern of due members  3 about how many to look at
 * Reply {next cursor, now in ms, {due member, deadline, due member, deadline, ...}}
 */
import { defineScript, luaNow } from '../script.ts';

export const openJobsScript = defineScript(
  'open_jobs',
  `${luaNow}
local step = redis.call('ZSCAN', KEYS[1], ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
return {step[1], nowMs(), step[2]}
`,
);
