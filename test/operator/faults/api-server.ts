/** The API in memory as an HTTP server: paths, verbs, Status objects, watches as lines. */
import { toAppError } from '../../../common/errors.ts';
import { schedulerClusters } from '../../../operator/api/group.ts';
import type { KubeObject, ListQuery, Resource, WatchEvent } from '../../../operator/kube/kube.ts';
import * as declared from '../../../operator/kube/resources.ts';
import { requestInfo, type RequestInfo } from '../../cluster/apiserver/http/request-info.ts';
import type { FakeKube } from '../../fakes/kube.ts';
import type { HttpAnswer, HttpHandler, HttpRequest } from './http.ts';

export const resources: readonly Resource[] = [schedulerClusters, ...Object.values(declared)];

export function resourceOf({ group, version, plural }: RequestInfo): Resource | undefined {
  const apiVersion = group ? `${group}/${version}` : version;
  return resources.find((one) => one.plural === plural && one.apiVersion === apiVersion);
}

export const infoOf = ({ method, path }: Pick<HttpRequest, 'method' | 'path'>): RequestInfo =>
  requestInfo(method, new URL(path, 'http://api'));

/** The Status that a server sends with a refusal. */
export const refusal = (code: number, reason: string, headers: HttpAnswer['headers'] = {}) => ({
  status: code,
  headers,
  body: JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: reason,
  }),
});

export function serve(kube: FakeKube): HttpHandler {
  return async (request) => {
    const info = infoOf(request);
    const resource = resourceOf(info);
    if (!resource) return refusal(404, 'NotFound');
    try {
      return await answer(kube, resource, info, request);
    } catch (caught) {
      const { facts, message } = toAppError(caught);
      const reason = typeof facts['reason'] === 'string' ? facts['reason'] : 'InternalError';
      return refusal(Number(facts['status'] ?? 500), `${reason}: ${message}`);
    }
  };
}

async function answer(
  kube: FakeKube,
  resource: Resource,
  info: RequestInfo,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const { namespace, name } = info;
  const body = () => JSON.parse(request.body) as KubeObject;
  switch (info.verb) {
    case 'get': {
      const found = await kube.get(resource, { namespace, name });
      return found ? ok(found) : refusal(404, 'NotFound');
    }
    case 'list':
      return listed(resource, await kube.list(resource, queryOf(info)));
    case 'watch':
      return watched(kube, resource, info, request.signal);
    case 'create':
      return ok(await kube.create(resource, body()), 201);
    case 'update':
      return ok(await kube.update(resource, body()));
    case 'patch':
      return ok(await patch(kube, resource, info, request));
    case 'delete':
      return remove(kube, resource, info, body());
    default:
      return refusal(405, 'MethodNotAllowed');
  }
}

const ok = (object: unknown, status = 200): HttpAnswer => ({ status, body: JSON.stringify(object) });

function patch(kube: FakeKube, resource: Resource, info: RequestInfo, request: HttpRequest) {
  const { namespace, name, subresource } = info;
  const body = JSON.parse(request.body) as KubeObject;
  if (!request.contentType.startsWith('application/apply-patch'))
    return kube.patch(resource, { namespace, name }, body);
  return subresource === 'status' ? kube.applyStatus(resource, body) : kube.apply(resource, body);
}

/** A uid that is not that of the object refuses the delete, as on a real server. */
async function remove(
  kube: FakeKube,
  resource: Resource,
  { namespace, name }: RequestInfo,
  options: unknown,
): Promise<HttpAnswer> {
  const { uid } = (options as { preconditions?: { uid?: string } }).preconditions ?? {};
  const found = kube.peek(resource, { namespace, name });
  if (!found) return refusal(404, 'NotFound');
  if (uid !== undefined && found.metadata.uid !== uid) return refusal(409, 'Conflict');
  await kube.delete(resource, found);
  return ok({ kind: 'Status', apiVersion: 'v1', status: 'Success' });
}

export function listed(
  { apiVersion, kind }: Resource,
  { items, resourceVersion }: { items: readonly KubeObject[]; resourceVersion: string },
): HttpAnswer {
  return ok({ apiVersion, kind: `${kind}List`, metadata: { resourceVersion }, items });
}

export function queryOf({ namespace, query }: RequestInfo): ListQuery {
  const [labelSelector, fieldSelector] = [query.get('labelSelector'), query.get('fieldSelector')];
  return {
    namespace: namespace || undefined,
    ...(labelSelector ? { labelSelector } : {}),
    ...(fieldSelector ? { fieldSelector } : {}),
  };
}

/** The stream begins when the watch is open, so that no change falls between. */
function watched(kube: FakeKube, resource: Resource, info: RequestInfo, signal: AbortSignal): HttpAnswer {
  const resourceVersion = info.query.get('resourceVersion') ?? '';
  const events = kube.watch(resource, { ...queryOf(info), resourceVersion }, signal);
  return { status: 200, body: lines(resource, events) };
}

async function* lines(
  { apiVersion, kind }: Resource,
  events: AsyncIterable<WatchEvent<KubeObject>>,
): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(wireOf(event, { apiVersion, kind }))}\n`;
}

function wireOf(event: WatchEvent<KubeObject>, kindOf: { apiVersion: string; kind: string }): unknown {
  switch (event.type) {
    case 'BOOKMARK':
      return {
        type: 'BOOKMARK',
        object: { ...kindOf, metadata: { resourceVersion: event.resourceVersion } },
      };
    case 'EXPIRED':
      return { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } };
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return event;
  }
}
