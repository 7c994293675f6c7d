/**
 * Ends a job and puts its answer in the session's outbox. The first terminal answer wins.
 *
 * KEYS  1 job  2 due index  3 session  4 outbox
 * ARGV  1 due member  2 job id  3 attempt believed  4 answer  5 keep ms
 * Reply {'done', sequence, owner or ''} | {'stale', attempt} | {'finished'} | {'unknown'}
 *
 * A repetition by the same caller is known by its answer, which still stands in the outbox at the job's sequence.
 * ZREM comes first because Redis never refuses it, and then refuses nothing: jobs end in a full Redis too.
 */
import { defineScript } from '../script.ts';

export const finishScript = defineScript(
  'finish',
  `
local function owner()
  local session = redis.call('HMGET', KEYS[3], 'owner', 'released')
  return session[1], (session[1] and not session[2]) and session[1] or ''
end

local function saidBefore(seq)
  local entry = seq and redis.call('XRANGE', KEYS[4], seq .. '-0', seq .. '-0')[1]
  if not entry then return false end
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'answer' then return entry[2][i + 1] == ARGV[4] end
  end
end

local job = redis.call('HMGET', KEYS[1], 'state', 'attempt', 'index', 'seq')
if not job[1] then return {'unknown'} end
if job[1] == 'finished' then
  if job[2] ~= ARGV[3] or not saidBefore(job[4]) then return {'finished'} end
  local _, connected = owner()
  return {'done', tonumber(job[4]), connected}
end
if job[2] ~= ARGV[3] then return {'stale', tonumber(job[2])} end

redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[1], 'audio')
local known, connected = owner()
local seq = 0
if known then
  seq = redis.call('HINCRBY', KEYS[3], 'seq', 1)
  redis.call('XADD', KEYS[4], seq .. '-0', 'job', ARGV[2], 'index', job[3], 'answer', ARGV[4])
  if redis.call('PTTL', KEYS[4]) < 0 then
    redis.call('PEXPIRE', KEYS[4], math.max(1, redis.call('PTTL', KEYS[3])))
  end
end
redis.call('HSET', KEYS[1], 'state', 'finished', 'seq', seq)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'done', seq, connected}
`,
);
