/**
 * Records new jobs, each once, for their sessions' owners only, and tells the instances of their nodes.
 *
 * KEYS  n jobs, n sessions, r requests, n due indexes, m audios, t leases, t inboxes
 * ARGV  1 n  2 r  3 t  4 where the ids begin in a job's key  5 longest inbox  6 who tells
 *       then for each job: session epoch, record, deadline ms, number of the instance to tell, 0 for none; negative when
 *                          the texts are not to travel
 *       then for each request: number of its job, keep ms
 *       then for each audio: number of its job, audio
 *       then for each instance: its id
 * Reply a line for each job: 'accepted <what became of its hint>' | 'duplicate <job id>' | 'fenced'
 *
 * The first write is one that Redis refuses at maxmemory, so that a full Redis refuses all of them whole. A repetition
 * writes too, at last and to no effect: newer servers wait for replicas only for what a connection wrote itself.
 */
import { defineScript, luaDeadlines } from '../script.ts';
import { luaLetters } from './inbox-send.ts';

export const acceptScript = defineScript(
  'accept',
  `${luaDeadlines}${luaLetters}
local n, r, t, idsAt = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local requestsAt = 6 + 4 * n
local audiosAt = requestsAt + 2 * r
local m = #KEYS - 3 * n - r - 2 * t
local known = redis.call('MGET', unpack(KEYS, 1, 2 * n + r))
local requestOf = {}
for q = 1, r do requestOf[tonumber(ARGV[requestsAt + 2 * q - 1])] = q end

local fresh, taken, repeated, writes, w = {}, {}, {}, {}, 0

-- What stands in the way of a job; nothing for a new one.
local function obstacle(i)
  local session, epoch = known[n + i], ARGV[4 * i + 3] .. '|'
  if not session or string.sub(session, 1, #epoch) ~= epoch then return 'fenced' end
  if known[i] or fresh[KEYS[i]] then
    repeated[i] = known[i]
    return 'accepted'
  end
  local q = requestOf[i]
  local first = q and (known[2 * n + q] or taken[KEYS[2 * n + q]])
  if first then
    repeated[i] = known[2 * n + q]
    return 'duplicate ' .. first
  end
end

local function writeAgain(i)
  local q = requestOf[i]
  if not known[i] then
    redis.call('PEXPIRE', KEYS[2 * n + q], ARGV[requestsAt + 2 * q])
  elseif not string.find(known[i], '^%d+|f') then
    redis.call('PEXPIRE', KEYS[i], 3600000)
    redis.call('PERSIST', KEYS[i])
  end
end

local replies = {}
for i = 1, n do
  replies[i] = obstacle(i)
  if not replies[i] then
    replies[i] = 'accepted'
    fresh[KEYS[i]] = i
    if requestOf[i] then taken[KEYS[2 * n + requestOf[i]]] = string.match(KEYS[i], '/([^/]*)$', idsAt) end
    writes[w + 1], writes[w + 2] = KEYS[i], ARGV[4 * i + 4]
    w = w + 2
  end
end

for a = 1, m do
  local i = tonumber(ARGV[audiosAt + 2 * a - 1])
  if fresh[KEYS[i]] == i then
    writes[w + 1], writes[w + 2] = KEYS[3 * n + r + a], ARGV[audiosAt + 2 * a]
    w = w + 2
  end
end
if w > 0 then redis.call('MSET', unpack(writes)) end
local letters = {}
for i = 1, n do
  if fresh[KEYS[i]] == i then
    local ids = string.sub(KEYS[i], idsAt)
    redis.call('ZADD', KEYS[2 * n + r + i], deadline(ARGV[4 * i + 5]), ids)
    local to = tonumber(ARGV[4 * i + 6])
    if to ~= 0 then
      local record = ARGV[4 * i + 4]
      if to < 0 then
        to = -to
        record = string.match(record, '^%d+|%a|%d+|%d|%d+|[^|]*|[^|]*|[^|]*|')
      end
      letters[to] = letters[to] or newLetter()
      add(letters[to], i, ids, record)
    end
  end
end
for q = 1, r do
  local i = tonumber(ARGV[requestsAt + 2 * q - 1])
  if fresh[KEYS[i]] == i then
    redis.call('SET', KEYS[2 * n + q], taken[KEYS[2 * n + q]], 'PX', ARGV[requestsAt + 2 * q])
  end
end
for i in pairs(repeated) do writeAgain(i) end

local leasesAt, namesAt = 3 * n + r + m, audiosAt + 2 * m
for to, letter in pairs(letters) do
  local place = {lease = KEYS[leasesAt + to], inbox = KEYS[leasesAt + t + to], name = ARGV[namesAt + to]}
  send(letter, place, ARGV[5], '"type":"assign","from":"' .. ARGV[6] .. '"', replies)
end
return table.concat(replies, '\\n')
`,
);
