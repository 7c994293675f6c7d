/** `pods/proxy`: a GET that the API server makes at a port of a pod. The pod never sees who asked. */
import type { ServerResponse } from 'node:http';
import type { Api, Call } from '../api.ts';
import type { Kind } from '../kinds/kind.ts';
import { stringAt } from '../../../../operator/schema/json.ts';
import { ApiError, methodNotAllowed, notFound } from '../status.ts';

/** A pod is named with its port: `pods/demo-0:5010/proxy/metrics`. */
export async function proxyTo(
  { store }: Api,
  kind: Kind,
  { info }: Call,
  response: ServerResponse,
): Promise<undefined> {
  if (info.method !== 'GET') throw methodNotAllowed();
  const [name = '', port = '80'] = info.name.split(':');
  const pod = store.get(kind.storage, info.namespace, name);
  if (!pod) throw notFound(kind, name);
  const url = `http://${stringAt(pod, 'status', 'podIP') ?? ''}:${port}/${info.rest}?${info.query.toString()}`;
  try {
    const answer = await fetch(url);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ApiError(503, 'ServiceUnavailable', `error trying to reach service: ${why}`);
  }
  return undefined;
}
