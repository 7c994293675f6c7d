/**
 * Removes what is known of a node that a dead instance held, unless another instance took it.
 *
 * KEYS  1 owner key  2 presence  3 snapshot  4 view
 * ARGV  1 '<instance>|', with which its claim begins  2 '1' when its view named that instance
 * Reply 1 removed | 0 not, or not any more, that instance's node
 */
import { defineScript } from '../script.ts';

export const nodeRemoveOfScript = defineScript(
  'node_remove_of',
  `
local current = redis.call('GET', KEYS[1])
if current and string.sub(current, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
if not current and ARGV[2] ~= '1' then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1
`,
);
