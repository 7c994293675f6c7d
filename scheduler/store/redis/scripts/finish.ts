/**
 * Ends jobs, puts their answers in their sessions' outboxes and tells the sessions' owners. The first terminal answer of a
 * job wins.
 *
 * KEYS  n jobs, n sessions, n due indexes, n outboxes, n audios, t leases, t inboxes
 * ARGV  1 n  2 t  3 where the ids begin in a job's key  4 how much longer a session's key is than its id  5 longest inbox
 *       then for each job: attempt believed, answer, keep ms, number of the instance believed to be the owner, 0 for
 *                          none; negative when the answer is not to travel
 *       then for each instance: its id
 * Reply a line for each job: 'done <sequence> <owner or nothing> <what became of its hint>' | 'stale <attempt>' |
 *       'finished' | 'unknown'
 *
 * A repetition by the same caller is known by its answer, which still stands in the outbox at the job's sequence number.
 * That number is given by the outbox itself: the second half of the entry's id, counted on by Redis. Should an outbox have
 * vanished under its session, it goes on with the time, which is more than any number it had.
 *
 * A repetition writes too, to no effect: newer servers wait for replicas only for what a connection wrote itself.
 *
 * ZREM comes first because Redis never refuses it, and then refuses nothing: jobs end in a full Redis too.
 */
import { defineScript } from '../script.ts';
import { luaLetters } from './inbox-send.ts';

export const finishScript = defineScript(
  'finish',
  `${luaLetters}
local n, t, idsAt, sessionAt = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local leasesAt, namesAt = 5 * n, 5 + 4 * n
local known = redis.call('MGET', unpack(KEYS, 1, 2 * n))
local letters = {}

local function saidBefore(i, seq, answer)
  local entry = redis.call('XRANGE', KEYS[3 * n + i], '0-' .. seq, '0-' .. seq)[1]
  if not entry then return false end
  for f = 1, #entry[2], 2 do
    if entry[2][f] == 'answer' then return entry[2][f + 1] == answer end
  end
end

local function ownerOf(session)
  return session and string.match(session, '^%d+|([^|]*)|1') or ''
end

local function beginOutbox(i, job, index, answer)
  local head, begun, rest = string.match(redis.call('GET', KEYS[n + i]), '^(%d+|[^|]*|%d|%d+|)(%d)(.*)$')
  local id = begun == '0' and '0-1' or '0-' .. redis.call('TIME')[1]
  redis.call('XADD', KEYS[3 * n + i], id, 'job', job, 'index', index, 'answer', answer)
  redis.call('PEXPIRE', KEYS[3 * n + i], math.max(1, redis.call('PTTL', KEYS[n + i])))
  redis.call('SET', KEYS[n + i], head .. '1' .. rest, 'KEEPTTL')
  return id
end

-- The sequence number of an answer; 0 when there is nobody to number it for.
local function append(i, ids, index, answer)
  if not known[n + i] then return '0' end
  local job = string.sub(ids, #KEYS[n + i] - sessionAt + 2)
  local id = redis.call('XADD', KEYS[3 * n + i], 'NOMKSTREAM', '0-*', 'job', job, 'index', index, 'answer', answer)
  return string.sub(id or beginOutbox(i, job, index, answer), 3)
end

local function tell(i, owner, ids, index, seq)
  local to, answer = tonumber(ARGV[4 * i + 5]), ARGV[4 * i + 3]
  if to < 0 then to, answer = -to, '' end
  if to == 0 or seq == '0' or ARGV[namesAt + to] ~= owner then return end
  local letter = letters[to] or newLetter()
  letters[to] = letter
  add(letter, i, ids, answer)
  letter.seqs, letter.indexes = letter.seqs or {}, letter.indexes or {}
  letter.seqs[letter.n], letter.indexes[letter.n] = seq, index
end

local replies, ended, audios = {}, {}, {}
for i = 1, n do
  local attempt, answer, keepMs = ARGV[4 * i + 2], ARGV[4 * i + 3], ARGV[4 * i + 4]
  local record = ended[KEYS[i]] or known[i]
  local at, state, index, apart, rest, seq
  if record then
    at, state, index, apart, rest, seq =
      string.match(record, '^(%d+)|(%a)|(%d+)|(%d)|(%d+|[^|]*|[^|]*|[^|]*)|(%d+)')
  end
  if not record then
    replies[i] = 'unknown'
  elseif state == 'f' then
    local again = at == attempt and saidBefore(i, seq, answer)
    if again then redis.call('PEXPIRE', KEYS[i], keepMs) end
    replies[i] = again and 'done ' .. seq .. ' ' .. ownerOf(known[n + i]) or 'finished'
  elseif at ~= attempt then
    replies[i] = 'stale ' .. at
  else
    local ids = string.sub(KEYS[i], idsAt)
    redis.call('ZREM', KEYS[2 * n + i], ids)
    seq = append(i, ids, index, answer)
    record = at .. '|f|' .. index .. '|0|' .. rest .. '|' .. seq
    redis.call('SET', KEYS[i], record, 'PX', keepMs)
    ended[KEYS[i]] = record
    if apart == '1' then audios[#audios + 1] = KEYS[4 * n + i] end
    local owner = ownerOf(known[n + i])
    replies[i] = 'done ' .. seq .. ' ' .. owner
    tell(i, owner, ids, index, seq)
  end
end
if #audios > 0 then redis.call('UNLINK', unpack(audios)) end
for to, letter in pairs(letters) do
  local place = {lease = KEYS[leasesAt + to], inbox = KEYS[leasesAt + t + to], name = ARGV[namesAt + to]}
  local head = '"type":"results","seqs":[' .. table.concat(letter.seqs, ',') .. '],"indexes":['
    .. table.concat(letter.indexes, ',') .. ']'
  send(letter, place, ARGV[5], head, replies)
end
return table.concat(replies, '\\n')
`,
);
