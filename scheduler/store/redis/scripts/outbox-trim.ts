/**
 * Forgets the answers that were acknowledged, and remembers up to where.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 sequence number up to which they go
 *
 * XTRIM comes first because Redis never refuses it: a full Redis gets room.
 */
import { defineScript } from '../script.ts';

export const outboxTrimScript = defineScript(
  'outbox_trim',
  `
redis.call('XTRIM', KEYS[2], 'MINID', '=', (ARGV[1] + 1) .. '-0')
local session = redis.call('HMGET', KEYS[1], 'seq', 'acked')
if not session[1] then return end
local through = math.min(tonumber(ARGV[1]), tonumber(session[1]))
if through > tonumber(session[2] or 0) then redis.call('HSET', KEYS[1], 'acked', through) end
`,
);
