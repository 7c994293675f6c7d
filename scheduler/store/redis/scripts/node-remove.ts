/**
 * Removes what is known of a node, unless another connection took it.
 *
 * KEYS  1 owner key  2 presence  3 snapshot  4 view
 * ARGV  1 '<instance>|<connection>'
 * Reply 1 removed, or was gone already | 0 another connection's node
 */
import { defineScript } from '../script.ts';

export const nodeRemoveScript = defineScript(
  'node_remove',
  `
local current = redis.call('GET', KEYS[1])
if current and current ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
return 1
`,
);
