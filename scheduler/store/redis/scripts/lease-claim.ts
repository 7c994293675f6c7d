/**
 * Claims an instance id under a new epoch. The same boot, or the same pod, takes over at once.
 *
 * KEYS  1 lease  2 epoch  3 inbox  4 dead letters
 * ARGV  1 instance  2 boot  3 pod uid, '' outside Kubernetes  4 ttl ms
 * Reply {'claimed', epoch} | {'held', token, expires in ms}
 *
 * An inbox that was going to be forgotten (see instance-retire.ts) stays: its reader is back.
 */
import { defineScript } from '../script.ts';

export const leaseClaimScript = defineScript(
  'lease_claim',
  `
local current = redis.call('GET', KEYS[1])
if current then
  local boot, pod = string.match(current, '|([^|]*)|([^|]*)$')
  local same = boot == ARGV[2] or (pod == ARGV[3] and pod ~= '')
  if not same then return {'held', current, redis.call('PTTL', KEYS[1])} end
end
local epoch = redis.call('INCR', KEYS[2])
redis.call('PERSIST', KEYS[3])
redis.call('PERSIST', KEYS[4])
redis.call('SET', KEYS[1], table.concat({ARGV[1], epoch, ARGV[2], ARGV[3]}, '|'), 'PX', ARGV[4])
return {'claimed', epoch}
`,
);
