/**
 * Writes a key that must stay fresh also in a full Redis: PEXPIRE is never refused, and after it SET is not either.
 *
 * KEYS  1 key
 * ARGV  1 value  2 ttl ms
 */
import { defineScript } from '../script.ts';

export const putScript = defineScript(
  'put',
  `
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
`,
);
