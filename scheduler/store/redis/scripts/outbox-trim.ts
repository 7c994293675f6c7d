/**
 * Forgets answers that were acknowledged, and remembers up to where.
 *
 * KEYS  n sessions, n outboxes
 * ARGV  for each session the sequence number up to which they go
 * Reply nothing
 *
 * What was never sent cannot be acknowledged, so no more than the newest is remembered. XTRIM comes first because Redis
 * never refuses it: a full Redis gets room.
 */
import { defineScript } from '../script.ts';

export const outboxTrimScript = defineScript(
  'outbox_trim',
  `
local n = #KEYS / 2
for i = 1, n do
  local newest = redis.call('XREVRANGE', KEYS[n + i], '+', '-', 'COUNT', 1)[1]
  if newest then
    local through = math.min(tonumber(ARGV[i]), tonumber(string.match(newest[1], '%d+$')))
    redis.call('XTRIM', KEYS[n + i], 'MINID', '=', string.format('0-%d', through + 1))
    local head, acknowledged, rest = string.match(redis.call('GET', KEYS[i]) or '', '^(%d+|[^|]*|%d|)(%d+)(.*)$')
    if head and through > tonumber(acknowledged) then
      redis.call('SET', KEYS[i], string.format('%s%d%s', head, through, rest), 'KEEPTTL')
    end
  end
end
return ''
`,
);
