/** The dashboard's page and its data. Nothing on it comes from elsewhere, and no script or style stands in the page. */
import { createHash } from 'node:crypto';
import { json, text, type HttpAnswer, type HttpHandler, type HttpRoutes } from '../../../common/http.ts';
import { paths } from '../../../common/workload.ts';
import { assets } from './assets.ts';
import type { DashboardData } from './shape.ts';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

const page = 'index.html';

export function dashboardRoutes(enabled: boolean, data: () => Promise<DashboardData>): HttpRoutes {
  if (!enabled) {
    const off = () => text(404, 'the dashboard is off: [dashboard] enabled = false\n');
    return { [`GET ${paths.dashboard}`]: off };
  }
  const files = Object.entries(assets).map(([name, content]): [string, HttpHandler] => {
    const at = name === page ? paths.dashboard : `${paths.dashboard}/${name}`;
    return [`GET ${at}`, served(name, content)];
  });
  return {
    ...Object.fromEntries(files),
    [`GET ${paths.dashboard}/data`]: async () => ({
      ...json(200, await data()),
      headers: { ...headers, 'cache-control': 'no-store' },
    }),
  };
}

/** A browser that has the file already is told so: after an update it gets the new one at once. */
function served(name: string, content: string): HttpHandler {
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  const cached = { ...headers, etag, 'cache-control': 'no-cache' };
  const type = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  const whole: HttpAnswer = { status: 200, type, body: content, headers: cached };
  const unchanged: HttpAnswer = { status: 304, body: '', headers: cached };
  return (request) => (request.headers['if-none-match'] === etag ? unchanged : whole);
}
