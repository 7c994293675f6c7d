/**
 * Adds a member to a set, also in a full Redis: PERSIST changes nothing here, but is a write that is never refused.
 *
 * KEYS  1 set
 * ARGV  1 member
 */
import { defineScript } from '../script.ts';

export const setAddScript = defineScript(
  'set_add',
  `
redis.call('PERSIST', KEYS[1])
redis.call('SADD', KEYS[1], ARGV[1])
`,
);
