/** One request from headers to answer. Failures are told as a Status; bugs are logged and told as 500. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Api, Call, User } from '../api.ts';
import { authenticate } from '../auth/authenticate.ts';
import { discovery } from '../discovery/discovery.ts';
import { openApiDocument, openApiIndex } from '../discovery/openapi.ts';
import { openApiV2, openApiV2Asked, openApiV2Type } from '../discovery/openapi-v2.ts';
import { version } from '../discovery/version.ts';
import type { JsonObject } from '../../../../operator/schema/json.ts';
import type { Registry } from '../kinds/registry.ts';
import { ApiError, internalError, notAcceptable, UnknownPath } from '../status.ts';
import { authorize } from './authorize.ts';
import { readBody } from './body.ts';
import { requestInfo, type RequestInfo } from './request-info.ts';
import { route } from './routes.ts';

export async function answerRequest(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const warnings: string[] = [];
  try {
    const info = requestInfo(request.method ?? 'GET', new URL(request.url ?? '/', 'https://localhost'));
    const user = authenticate(api, request.headers);
    authorize(api, info, user);
    if (!info.isResource) sendDocument(api, info, request.headers.accept ?? '', response);
    else await sendResource(api, await callOf(request, info, user, warnings), response, signal);
  } catch (error) {
    sendError(api, response, error, warnings);
  }
}

async function callOf(
  request: IncomingMessage,
  info: RequestInfo,
  user: User,
  warnings: string[],
): Promise<Call> {
  const { headers } = request;
  return {
    info,
    user,
    warnings,
    accept: headers.accept ?? '',
    contentType: headers['content-type'] ?? '',
    userAgent: headers['user-agent'] ?? '',
    body: await readBody(request),
  };
}

async function sendResource(
  api: Api,
  call: Call,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const routed = await route(api, call, response, signal);
  if (routed)
    send(response, routed.status, JSON.stringify(routed.body), { ...warningHeaders(call.warnings) });
}

const healthPaths = new Set(['/healthz', '/livez', '/readyz']);

function sendDocument(
  { registry }: Api,
  { path }: RequestInfo,
  accept: string,
  response: ServerResponse,
): void {
  const json = (body: JsonObject): void => {
    send(response, 200, JSON.stringify(body));
  };
  const clean = path.replace(/\/$/, '');
  if (healthPaths.has(clean)) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
  } else if (clean === '/version') json(version);
  else if (clean === '/openapi/v3') json(openApiIndex(registry));
  else if (clean.startsWith('/openapi/v3/'))
    json(openApiDocument(registry, clean.slice('/openapi/v3/'.length)) ?? fail());
  else if (clean === '/openapi/v2') sendOpenApiV2(registry, accept, response);
  else if (clean === '/api' || clean === '/apis' || /^\/(api|apis)\//.test(clean)) {
    const { type, body } = discovery(registry, clean, accept);
    send(response, 200, JSON.stringify(body), { 'content-type': type });
  } else if (clean === '')
    json({ paths: ['/api', '/apis', '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] });
  else fail();
}

function sendOpenApiV2(registry: Registry, accept: string, response: ServerResponse): void {
  const takesIt = [openApiV2Asked, openApiV2Type, '*/*'].some((type) => accept.includes(type));
  if (!takesIt && accept !== '') throw notAcceptable(openApiV2Type);
  send(response, 200, openApiV2(registry), { 'content-type': openApiV2Type });
}

function fail(): never {
  throw new UnknownPath();
}

function warningHeaders(warnings: readonly string[]): { warning?: string[] } {
  if (warnings.length === 0) return {};
  return { warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`) };
}

function sendError(
  { log }: Api,
  response: ServerResponse,
  error: unknown,
  warnings: readonly string[],
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof ApiError ? error : undefined;
  if (known instanceof UnknownPath) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
    return;
  }
  if (!known) log.error({ err: error }, 'API request failed');
  const failure = known ?? internalError(error instanceof Error ? error.message : String(error));
  send(response, failure.code, JSON.stringify(failure.status), {
    ...failure.headers,
    ...warningHeaders(warnings),
  });
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, private',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
