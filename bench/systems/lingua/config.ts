/** The guide's configuration with room for the load: nothing is switched off that a fleet in production has on. */
import { stringify } from 'smol-toml';
import type { Place } from '../system.ts';

/** When a job counts as recorded; see the configuration reference. */
export type Durability = 'redis' | 'replicated';

export function configFile({ name, port, redisUrl }: Place, durability: Durability): string {
  return stringify({
    server: { port, host: '127.0.0.1' },
    admin: { port: 0 },
    // One client here asks as often as hundreds would: the rate is checked, but never reached.
    limits: { max_sessions: 20_000, messages_per_second: 1_000_000, messages_burst: 1_000_000 },
    scheduler: {
      durability,
      // 16 nodes for 256 jobs at once: no job waits for a slot, as no other system here knows slots.
      max_concurrent_jobs_per_node: 64,
      // The nodes of the bench report no load, but a busy machine must not change that.
      load_balancer: { resource_threshold: 100 },
      endpoint_grace_seconds: 0,
      drain_timeout_seconds: 0,
      phase2: {
        enabled: redisUrl !== '',
        instance_id: `bench-${name}`,
        ...(redisUrl === '' ? {} : { redis: { mode: 'single', url: redisUrl, key_prefix: 'bench' } }),
      },
    },
  });
}
