/**
 * Jobs whose deadline passed long enough ago: of the first partition as many as wanted, oldest first, then of the next.
 *
 * KEYS  due indexes
 * ARGV  1 grace ms  2 limit
 * Reply due members
 */
import { defineScript, luaNow } from '../script.ts';

export const overdueScript = defineScript(
  'overdue',
  `${luaNow}
local before, limit = nowMs() - ARGV[1], tonumber(ARGV[2])
local found = {}
for _, due in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', before, 'LIMIT', 0, limit - #found)) do
    found[#found + 1] = member
  end
  if #found >= limit then break end
end
return found
`,
);
