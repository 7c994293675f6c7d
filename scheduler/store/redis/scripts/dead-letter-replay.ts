/**
 * Makes a dead letter a new entry of the inbox it came from, with no deliveries behind it.
 *
 * KEYS  1 lease  2 inbox  3 dead letters
 * ARGV  1 '<instance>|', with which its own lease begins  2 longest length of the inbox  3 id of the dead letter
 * Reply 'replayed' | 'gone' | 'busy' | 'no_owner'
 */
import { defineScript } from '../script.ts';
import { luaPayloadOf } from './inbox-dead-letter.ts';
import { luaDeliver } from './inbox-send.ts';

export const deadLetterReplayScript = defineScript(
  'dlq_replay',
  `${luaDeliver}${luaPayloadOf}
local letter = redis.call('XRANGE', KEYS[3], ARGV[3], ARGV[3])[1]
if not letter then return 'gone' end
local answer = deliverEntry(KEYS[1], KEYS[2], ARGV[1], ARGV[2], payloadOf(letter[2]))
if answer ~= 'sent' then return answer end
redis.call('XDEL', KEYS[3], ARGV[3])
return 'replayed'
`,
);
