/**
 * Lets the inbox of an instance without a lease end after a while. Its epoch stays, so that epochs never repeat.
 *
 * KEYS  1 lease  2 inbox  3 dead letters
 * ARGV  1 keep ms
 * Reply 'alive' | 'ending' | 'ended'
 */
import { defineScript } from '../script.ts';

export const instanceRetireScript = defineScript(
  'instance_retire',
  `
if redis.call('EXISTS', KEYS[1]) == 1 then return 'alive' end
if redis.call('EXISTS', KEYS[2], KEYS[3]) == 0 then return 'ended' end
for i = 2, 3 do
  if redis.call('PTTL', KEYS[i]) == -1 then redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
end
return 'ending'
`,
);
