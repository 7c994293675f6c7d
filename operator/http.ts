/** The operator's probes and metrics. A standby is ready as well: its caches are, and a rollout must not wait for the lead. */
import type { Registry } from 'prom-client';
import { text, type HttpRoutes } from '../common/http.ts';

export interface Health {
  /** Kinds whose first list has not come yet. */
  unsynced(): readonly string[];
  isStopping(): boolean;
}

export function operatorRoutes(health: Health, registry: Registry): HttpRoutes {
  return {
    'GET /livez': () => text(200, 'ok\n'),
    'GET /readyz': () => {
      if (health.isStopping()) return text(503, 'stopping\n');
      const kinds = health.unsynced();
      return kinds.length === 0
        ? text(200, 'ok\n')
        : text(503, `waiting for the first list of ${kinds.join(', ')}\n`);
    },
    'GET /metrics': async () => ({ status: 200, type: registry.contentType, body: await registry.metrics() }),
  };
}
