/** The admin API of common/admin-api.ts, on a port of its own. */
import type { IncomingMessage } from 'node:http';
import { DrainRequest, type InstanceReport } from '../../common/admin-api.ts';
import { json, type HttpAnswer, type HttpHandler, type HttpRoutes } from '../../common/http.ts';
import { paths } from '../../common/workload.ts';
import type { AdminToken } from './admin-token.ts';

interface AdminDeps {
  readonly token: AdminToken;
  readonly report: () => Promise<InstanceReport>;
  /** Begins a drain, or does nothing when one is on. */
  readonly drain: (timeoutSeconds: number | undefined) => void;
}

const bodyBytesMax = 4096;

const refusals = {
  wrong: 'the bearer token is missing or wrong',
  not_configured: 'no admin token is configured; set LINGUA_ADMIN_TOKEN_FILE to a file that holds one',
} as const;

export function adminRoutes({ token, report, drain }: AdminDeps): HttpRoutes {
  const guarded =
    (handler: HttpHandler): HttpHandler =>
    async (request, url) => {
      const verdict = await token.check(request.headers.authorization);
      return verdict === 'allowed' ? handler(request, url) : unauthorized(refusals[verdict]);
    };

  return {
    [`GET ${paths.adminInstance}`]: guarded(async () => json(200, await report())),
    [`POST ${paths.adminDrain}`]: guarded(async (request) => {
      const asked = await drainRequest(request);
      if (!asked) return json(400, { error: 'the body must be empty or {"timeoutSeconds": 0 to 3600}' });
      drain(asked.timeoutSeconds);
      return json(202, await report());
    }),
  };
}

const unauthorized = (error: string): HttpAnswer => ({
  ...json(401, { error }),
  headers: { 'www-authenticate': 'Bearer' },
});

async function drainRequest(request: IncomingMessage): Promise<DrainRequest | undefined> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > bodyBytesMax) return undefined;
  }
  try {
    return DrainRequest.safeParse(body.trim() === '' ? {} : JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
