/**
 * A session's record and the sequence number of its newest answer.
 *
 * KEYS  1 session  2 outbox
 * Reply {record, newest sequence number} | nil
 */
import { defineScript } from '../script.ts';

/** `newestSeq(outbox)`, as text: also of answers that are trimmed, because a stream remembers its last id. */
export const luaNewestSeq = `
local function newestSeq(outbox)
  if redis.call('EXISTS', outbox) == 0 then return '0' end
  local facts = redis.call('XINFO', 'STREAM', outbox)
  for i = 1, #facts, 2 do
    if facts[i] == 'last-generated-id' then return string.match(facts[i + 1], '%d+$') end
  end
end
`;

export const sessionReadScript = defineScript(
  'session_read',
  `${luaNewestSeq}
local session = redis.call('GET', KEYS[1])
return session and {session, newestSeq(KEYS[2])}
`,
);
