/**
 * Extends a lease that is still exactly ours. PEXPIRE, unlike SET, works in a full Redis.
 *
 * KEYS  1 lease
 * ARGV  1 token  2 ttl ms
 * Reply 1 renewed | 0 lost
 */
import { defineScript } from '../script.ts';

export const leaseRenewScript = defineScript(
  'lease_renew',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`,
);
