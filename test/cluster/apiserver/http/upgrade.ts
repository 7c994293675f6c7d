/**
 * A request that leaves HTTP: `pods/exec`. It is authorized like every other, then handed to whoever runs the pod; like a real
 * server since 1.35 this asks for `create` besides the verb of the request.
 */
import { refuseUpgrade } from '../../refuse-upgrade.ts';
import type { Api, ExecQuery } from '../api.ts';
import { authenticate } from '../auth/authenticate.ts';
import { containerFor } from '../subresources/container.ts';
import { ApiError, internalError, methodNotAllowed, notFound } from '../status.ts';
import { authorize } from './authorize.ts';
import { requestInfo } from './request-info.ts';

type Upgrade = ExecQuery['upgrade'];

export function answerUpgrade(api: Api, upgrade: Upgrade): void {
  try {
    exec(api, upgrade);
  } catch (error) {
    if (!(error instanceof ApiError)) api.log.error({ err: error }, 'API request failed');
    const failure = error instanceof ApiError ? error : internalError(String(error));
    refuseUpgrade(upgrade, failure.code, JSON.stringify(failure.status), 'application/json');
  }
}

function exec(api: Api, upgrade: Upgrade): void {
  const { request } = upgrade;
  const info = requestInfo(request.method ?? 'GET', new URL(request.url ?? '/', 'https://localhost'));
  const user = authenticate(api, request.headers);
  authorize(api, info, user);
  authorize(api, { ...info, verb: 'create' }, user);
  if (info.plural !== 'pods' || info.subresource !== 'exec') throw methodNotAllowed();
  const pod = api.store.get('/pods', info.namespace, info.name);
  if (!pod) throw notFound({ group: '', plural: 'pods' }, info.name);
  const container = containerFor(pod, info.query.get('container') ?? '');
  const isAsked = (name: string) => info.query.get(name) === 'true';
  const isTaken = api.hooks.podExec?.({
    pod,
    container,
    command: info.query.getAll('command'),
    streams: { stdin: isAsked('stdin'), stdout: isAsked('stdout'), stderr: isAsked('stderr') },
    upgrade,
  });
  if (!isTaken)
    throw internalError(`error executing command in container: container not found ("${container}")`);
}
