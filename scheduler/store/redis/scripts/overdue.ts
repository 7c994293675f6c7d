/**
 * Jobs of one partition whose deadline passed long enough ago, oldest first.
 *
 * KEYS  1 due index
 * ARGV  1 grace ms  2 limit
 * Reply due members
 */
import { defineScript, luaNow } from '../script.ts';

export const overdueScript = defineScript(
  'overdue',
  `${luaNow}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowMs() - ARGV[1], 'LIMIT', 0, ARGV[2])
`,
);
