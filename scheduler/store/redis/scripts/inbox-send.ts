/**
 * Appends an entry to an instance's inbox, if somebody will read it and it is not full. Nothing is ever trimmed.
 *
 * KEYS  1 lease  2 inbox
 * ARGV  1 '<instance>|', with which its own lease begins; a reaper's does not  2 longest length  3 payload
 * Reply 'sent' | 'busy' | 'no_owner'
 */
import { defineScript } from '../script.ts';

/** `deliverEntry(lease, inbox, mark, maxLength, payload)` for scripts that send. */
export const luaDeliver = `
local function deliverEntry(lease, inbox, mark, maxLength, payload)
  local holder = redis.call('GET', lease)
  if not holder or string.sub(holder, 1, #mark) ~= mark then return 'no_owner' end
  if redis.call('XLEN', inbox) >= tonumber(maxLength) then return 'busy' end
  redis.call('XADD', inbox, '*', 'payload', payload)
  return 'sent'
end
`;

/**
 * For scripts that tell instances what they record, one entry for each: `newLetter()` gathers, and `send` writes what is
 * laid out in `hint-lines.ts` and adds what became of it to the replies of those it is about.
 */
export const luaLetters = `${luaDeliver}
local function newLetter()
  return {n = 0, about = {}, jobs = {}, lines = {''}}
end

local function add(letter, i, ids, line)
  local n = letter.n + 1
  letter.n, letter.about[n], letter.jobs[n], letter.lines[n + 1] = n, i, ids, line
end

-- The head lacks its list of jobs. It is put before the lines and not to their text, because Lua reads through every text
-- that it makes.
local function send(letter, place, maxLength, head, replies)
  letter.lines[1] = '[{' .. head .. ',"jobs":["' .. table.concat(letter.jobs, '","') .. '"]}]'
  local payload = table.concat(letter.lines, '\\n')
  local told = deliverEntry(place.lease, place.inbox, place.name .. '|', maxLength, payload)
  for _, i in ipairs(letter.about) do replies[i] = replies[i] .. ' ' .. told end
end
`;

export const inboxSendScript = defineScript(
  'xadd',
  `${luaDeliver}
return deliverEntry(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
`,
);
