/**
 * Extends a node's claim, presence and snapshot, unless another connection took the node. A claim that is missing,
 * because it expired or Redis lost it, is made again.
 *
 * KEYS  1 owner key  2 presence  3 snapshot  4 view
 * ARGV  1 '<instance>|<connection>'  2 owner ttl ms  3 presence ttl ms
 * Reply 1 ours | 0 taken
 */
import { defineScript } from '../script.ts';

export const nodeRenewScript = defineScript(
  'node_renew',
  `
local current = redis.call('GET', KEYS[1])
if current and current ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
redis.call('PEXPIRE', KEYS[4], ARGV[3])
if not current then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
if redis.call('PEXPIRE', KEYS[2], ARGV[3]) == 0 then redis.call('SET', KEYS[2], '1', 'PX', ARGV[3]) end
return 1
`,
);
