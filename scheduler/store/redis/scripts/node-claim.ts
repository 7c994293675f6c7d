/**
 * The newest connection of a node owns it.
 *
 * KEYS  1 owner key
 * ARGV  1 '<instance>|<connection>'  2 ttl ms
 * Reply the previous value, or nil
 */
import { defineScript } from '../script.ts';

export const nodeClaimScript = defineScript(
  'node_claim',
  `
local previous = redis.call('GET', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return previous
`,
);
