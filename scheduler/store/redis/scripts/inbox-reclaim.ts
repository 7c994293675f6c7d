/**
 * Takes entries that nobody acknowledged in time, from the cursor on. Those delivered too often go to the dead letters
 * here, where their number of deliveries is known before this claim raises it.
 *
 * KEYS  1 inbox  2 dead letters
 * ARGV  1 group  2 consumer  3 least idle ms  4 cursor  5 count  6 most deliveries, 0 for no limit
 *       7 least age ms of a dead letter  8 longest length of the dead letters
 * Reply {next cursor, entries, how many were moved, how many had vanished from the stream}
 */
import { defineScript, luaNow } from '../script.ts';
import { luaBury } from './inbox-dead-letter.ts';

export const inboxReclaimScript = defineScript(
  'xautoclaim',
  `${luaNow}${luaBury}
local reply = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local most, bornBefore = tonumber(ARGV[6]), nowMs() - ARGV[7]
local kept, moved = {}, 0
for _, entry in ipairs(reply[2]) do
  local before = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)[1][4] - 1
  local poison = most > 0 and before >= most and tonumber(string.match(entry[1], '^%d+')) <= bornBefore
  if poison then
    moved = moved + bury(ARGV[1], entry, before, ARGV[8], 'max_deliveries')
  else
    kept[#kept + 1] = entry
  end
end
return {reply[1], kept, moved, #(reply[3] or {})}
`,
);
