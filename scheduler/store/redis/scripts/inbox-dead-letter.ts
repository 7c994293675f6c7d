/**
 * Moves entries from an inbox to its dead letters.
 *
 * KEYS  1 inbox  2 dead letters
 * ARGV  1 group  2 longest length of the dead letters, 0 to drop instead  3 reason  4... entry ids
 * Reply how many were moved; an entry that is not there any more is not counted
 */
import { defineScript, luaNow } from '../script.ts';

/** `payloadOf(fields)` of an inbox entry or a dead letter; of an entry without one, all its fields. */
export const luaPayloadOf = `
local function payloadOf(fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'payload' then return fields[i + 1] end
  end
  return cjson.encode(fields)
end
`;

/**
 * `bury(group, entry, deliveries, maxLength, reason)` for scripts with the same KEYS. XACK and XDEL come first: Redis
 * never refuses them, and in a full Redis the XADD then still goes through.
 */
export const luaBury = `${luaPayloadOf}
local function bury(group, entry, deliveries, maxLength, reason)
  redis.call('XACK', KEYS[1], group, entry[1])
  if redis.call('XDEL', KEYS[1], entry[1]) == 0 then return 0 end
  if tonumber(maxLength) > 0 then
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', maxLength, '*', 'payload', payloadOf(entry[2]), 'src_stream', KEYS[1],
      'src_id', entry[1], 'deliveries', deliveries, 'moved_at_ms', nowMs(), 'reason', reason)
  end
  return 1
end
`;

export const inboxDeadLetterScript = defineScript(
  'dlq_move',
  `${luaNow}${luaBury}
local function deliveriesOf(id)
  local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], id, id, 1)
  return pending[1] and pending[1][4] or 0
end

local moved = 0
for i = 4, #ARGV do
  local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if entry then moved = moved + bury(ARGV[1], entry, deliveriesOf(ARGV[i]), ARGV[2], ARGV[3]) end
end
return moved
`,
);
