/**
 * Writes what is known of a node, unless another instance owns it now.
 *
 * KEYS  1 owner key  2 presence  3 snapshot  4 view
 * ARGV  1 instance  2 snapshot  3 view  4 presence ttl ms
 * Reply 1 written | 0 another instance's node
 */
import { defineScript } from '../script.ts';

export const nodeSaveScript = defineScript(
  'node_save',
  `
local owner = redis.call('GET', KEYS[1])
if owner and string.match(owner, '^([^|]*)|') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[4])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[4])
redis.call('SET', KEYS[4], ARGV[3], 'PX', ARGV[4])
return 1
`,
);
