/**
 * Deletes a key that still holds exactly this value.
 *
 * KEYS  1 key
 * ARGV  1 value
 * Reply 1 deleted | 0 not
 */
import { defineScript } from '../script.ts';

export const deleteIfEqualScript = defineScript(
  'delete_if_equal',
  `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`,
);
