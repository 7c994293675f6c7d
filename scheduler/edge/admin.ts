/** The admin API of common/admin-api.ts, on a port of its own. */
import type { IncomingMessage } from 'node:http';
import { DrainRequest, ProbeRequest, type InstanceReport, type ProbeReport } from '../../common/admin-api.ts';
import { json, type HttpAnswer, type HttpHandler, type HttpRoutes } from '../../common/http.ts';
import type * as z from 'zod/mini';
import { paths } from '../../common/workload.ts';
import { tokenIn, type AdminToken } from './admin-token.ts';

interface AdminDeps {
  readonly token: AdminToken;
  /** Of this process; there is no way back from a drain, so it must be meant. */
  readonly podUid: string;
  /** @param adminToken of the request */
  readonly report: (adminToken: string) => Promise<InstanceReport>;
  /** Begins a drain, or does nothing when one is on. */
  readonly drain: (timeoutSeconds: number | undefined) => void;
  /** Tries the route to an instance; undefined when one is tried, or was a moment ago. */
  readonly probe: (target: string) => Promise<ProbeReport | undefined>;
}

const bodyBytesMax = 4096;

const refusals = {
  wrong: 'the bearer token is missing or wrong',
  not_configured: 'no admin token is configured; set LINGUA_ADMIN_TOKEN_FILE to a file that holds one',
} as const;

export function adminRoutes({ token, podUid, report, drain, probe }: AdminDeps): HttpRoutes {
  const guarded =
    (handler: HttpHandler): HttpHandler =>
    async (request, url) => {
      const verdict = await token.check(request.headers.authorization);
      return verdict === 'allowed' ? handler(request, url) : unauthorized(refusals[verdict]);
    };

  return {
    [`GET ${paths.adminInstance}`]: guarded(async (request) =>
      json(200, await report(tokenIn(request.headers.authorization) ?? '')),
    ),
    [`POST ${paths.adminDrain}`]: guarded(async (request) => {
      const asked = await bodyOf(request, DrainRequest);
      if (!asked) return json(400, { error: 'the body must be empty or {"timeoutSeconds": 0 to 3600}' });
      if (asked.podUid !== undefined && asked.podUid !== podUid)
        return json(409, { error: `this is pod ${podUid}, and the drain is meant for pod ${asked.podUid}` });
      drain(asked.timeoutSeconds);
      return json(202, await report(tokenIn(request.headers.authorization) ?? ''));
    }),
    [`POST ${paths.adminProbe}`]: guarded(async (request) => {
      const asked = await bodyOf(request, ProbeRequest);
      if (!asked) return json(400, { error: 'the body must be {"target": "an instance id"}' });
      const tried = await probe(asked.target);
      if (tried) return json(200, tried);
      return { ...json(429, { error: 'a route was tried a moment ago' }), headers: { 'retry-after': '1' } };
    }),
  };
}

const unauthorized = (error: string): HttpAnswer => ({
  ...json(401, { error }),
  headers: { 'www-authenticate': 'Bearer' },
});

/** What the body says; undefined when it is too long or something else. An empty body is an empty object. */
async function bodyOf<T>(request: IncomingMessage, shape: z.ZodMiniType<T>): Promise<T | undefined> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > bodyBytesMax) return undefined;
  }
  try {
    return shape.safeParse(body.trim() === '' ? {} : JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
