/** Probes and metrics, on the port of the WebSockets. */
import type { Registry } from 'prom-client';
import { text, type HttpRoutes } from '../../common/http.ts';
import { paths } from '../../common/workload.ts';
import type { Readiness } from '../readiness.ts';

export const probeRoutes = (readiness: Readiness, registry: Registry): HttpRoutes => ({
  /** The guide's check: whether this instance takes part at all. */
  [`GET ${paths.health}`]: () => (readiness.takesPart() ? text(200, 'OK') : text(503, 'not serving\n')),
  /** Only that the event loop turns: a Redis that is away is no reason to restart this process. */
  [`GET ${paths.livez}`]: () => text(200, 'ok\n'),
  [`GET ${paths.readyz}`]: () => {
    const reasons = readiness.reasons();
    return reasons.length === 0 ? text(200, 'ok\n') : text(503, `${reasons.join('\n')}\n`);
  },
  [`GET ${paths.metrics}`]: async () => ({
    status: 200,
    type: registry.contentType,
    body: await registry.metrics(),
  }),
});
