/**
 * Makes an instance the session's owner under a higher epoch; from here on the previous owner is fenced.
 *
 * KEYS  1 session  2 outbox
 * ARGV  1 owner  2 resume token  3 ttl ms
 * Reply {'taken', record, newest sequence number, previous owner} | {'unknown'} | {'denied'}
 */
import { defineScript } from '../script.ts';
import { luaNewestSeq } from './session-read.ts';

export const sessionTakeOverScript = defineScript(
  'session_take_over',
  `${luaNewestSeq}
local session = redis.call('GET', KEYS[1])
if not session then return {'unknown'} end
local epoch, owner, counts, token, attributes =
  string.match(session, '^(%d+)|([^|]*)|%d|(%d+|%d)|([^|]*)|(.*)$')
if token ~= ARGV[2] then return {'denied'} end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local taken = table.concat({epoch + 1, ARGV[1], 1, counts, token, attributes}, '|')
redis.call('SET', KEYS[1], taken, 'PX', ARGV[3])
return {'taken', taken, newestSeq(KEYS[2]), owner}
`,
);
