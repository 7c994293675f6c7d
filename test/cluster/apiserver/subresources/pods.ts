/** What is done to pods through doors of their own: binding to a node, eviction under a budget, logs, and the way to their ports. */
import type { ServerResponse } from 'node:http';
import type { Api, Call } from '../api.ts';
import { mediaType, parseObject } from '../http/body.ts';
import type { Routed } from '../http/routes.ts';
import { invalidValue } from '../../../../operator/schema/field-error.ts';
import {
  numberAt,
  objectAt,
  objectsAt,
  setAt,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { Kind } from '../kinds/kind.ts';
import { copyObject, timestamp, type ApiObject } from '../../../../operator/schema/object.ts';
import { matchesSelector } from '../read/label-selector.ts';
import {
  ApiError,
  badRequest,
  conflict,
  invalid,
  methodNotAllowed,
  notFound,
  success,
  tooManyRequests,
} from '../status.ts';
import { deleteOptions, deleteStored } from '../write/delete.ts';
import { writeOptions } from '../write/options.ts';
import { containerFor } from './container.ts';
import { proxyTo } from './proxy.ts';

export function podSubresource(
  api: Api,
  kind: Kind,
  call: Call,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<Routed> | Routed {
  const { subresource, verb, namespace, name } = call.info;
  if (subresource === 'proxy') return proxyTo(api, kind, call, response);
  const pod = api.store.get(kind.storage, namespace, name);
  if (!pod) throw notFound(kind, name);
  if (subresource === 'log' && verb === 'get') return sendLog(api, pod, call, response, signal);
  if (subresource === 'exec') throw badRequest('Upgrade request required');
  if (verb !== 'create') throw methodNotAllowed();
  if (subresource === 'binding') return { status: 201, body: bind(api, kind, pod, call) };
  return { status: 201, body: evict(api, kind, pod, call) };
}

function bind({ store, clock }: Api, kind: Kind, pod: ApiObject, call: Call): JsonObject {
  const node = stringAt(parseObject(call.body, mediaType(call.contentType)), 'target', 'name') ?? '';
  const { name } = pod.metadata;
  if (node === '') throw invalid('', 'Binding', name, [invalidValue('target.name', '', 'must be specified')]);
  const taken = stringAt(pod, 'spec', 'nodeName');
  if (taken)
    throw conflict(
      { group: '', plural: 'pods/binding' },
      name,
      `pod ${name} is already assigned to node "${taken}"`,
    );
  if (pod.metadata.deletionTimestamp)
    throw conflict(
      { group: '', plural: 'pods/binding' },
      name,
      `pod ${name} is being deleted, cannot be assigned to a host`,
    );
  const bound = copyObject(pod);
  setAt(bound, ['spec', 'nodeName'], node);
  const time = timestamp(clock.now());
  const others = objectsAt(bound, 'status', 'conditions').filter(
    (condition) => condition['type'] !== 'PodScheduled',
  );
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: time };
  setAt(bound, ['status', 'conditions'], [...others, scheduled]);
  if (!writeOptions(call, 'CreateOptions').dryRun) store.put(kind.storage, bound);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

/** A budget that has nothing to give answers 429, and the client tries again. */
function evict(api: Api, kind: Kind, pod: ApiObject, call: Call): JsonObject {
  const eviction = call.body.length > 0 ? parseObject(call.body, mediaType(call.contentType)) : {};
  const options = deleteOptions({
    ...call,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify(objectAt(eviction, 'deleteOptions') ?? {})),
  });
  if (!isOver(pod)) spendBudget(api, pod, options.dryRun);
  deleteStored(api, kind, pod, options);
  return { ...success({}), code: 201 };
}

const isOver = (pod: ApiObject): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  ['Succeeded', 'Failed', 'Pending'].includes(stringAt(pod, 'status', 'phase') ?? '');

const isReady = (pod: ApiObject): boolean =>
  objectsAt(pod, 'status', 'conditions').some(
    (condition) => condition['type'] === 'Ready' && condition['status'] === 'True',
  );

const budgets = 'policy/poddisruptionbudgets';

function spendBudget({ store, clock }: Api, pod: ApiObject, dryRun: boolean): void {
  const covering = store
    .list(budgets, pod.metadata.namespace)
    .filter((budget) => matchesSelector(objectAt(budget, 'spec', 'selector'), pod.metadata.labels ?? {}));
  if (covering.length > 1) {
    throw new ApiError(
      500,
      'InternalError',
      'Internal error occurred: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  const [budget] = covering;
  if (!budget || mayGoUnready(budget, pod)) return;
  checkBudget(budget);
  if (dryRun) return;
  const spent = copyObject(budget);
  const allowed = numberAt(spent, 'status', 'disruptionsAllowed') ?? 0;
  const disrupted = {
    ...objectAt(spent, 'status', 'disruptedPods'),
    [pod.metadata.name]: timestamp(clock.now()),
  };
  spent['status'] = {
    ...objectAt(spent, 'status'),
    disruptionsAllowed: allowed - 1,
    disruptedPods: disrupted,
  };
  store.put(budgets, spent);
}

/** A pod that does not serve anyway may always go, or when enough others serve. */
function mayGoUnready(budget: ApiObject, pod: ApiObject): boolean {
  if (isReady(pod)) return false;
  if (stringAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true;
  const healthy = numberAt(budget, 'status', 'currentHealthy') ?? 0;
  return healthy > 0 && healthy >= (numberAt(budget, 'status', 'desiredHealthy') ?? 0);
}

function checkBudget(budget: ApiObject): void {
  const { name, generation = 0 } = budget.metadata;
  const observed = numberAt(budget, 'status', 'observedGeneration') ?? 0;
  const refused = (message: string): ApiError =>
    tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: 'DisruptionBudget', message }],
    });
  if (observed < generation) {
    throw tooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: `The disruption budget ${name} is still being processed by the server.`,
        },
      ],
      retryAfterSeconds: 10,
    });
  }
  const allowed = numberAt(budget, 'status', 'disruptionsAllowed') ?? 0;
  if (allowed > 0) return;
  const desired = numberAt(budget, 'status', 'desiredHealthy') ?? 0;
  const current = numberAt(budget, 'status', 'currentHealthy') ?? 0;
  throw refused(`The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`);
}

async function sendLog(
  { hooks }: Api,
  pod: ApiObject,
  { info }: Call,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<undefined> {
  const container = containerFor(pod, info.query.get('container') ?? '');
  const tail = info.query.get('tailLines');
  const left = new AbortController();
  response.on('close', () => {
    left.abort();
  });
  const chunks = hooks.podLog?.({
    pod,
    container,
    previous: info.query.get('previous') === 'true',
    follow: info.query.get('follow') === 'true',
    tailLines: tail === null ? undefined : Number(tail),
    signal: AbortSignal.any([signal, left.signal]),
  });
  if (!chunks)
    throw badRequest(
      `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`,
    );
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  for await (const chunk of chunks) response.write(chunk);
  response.end();
  return undefined;
}
