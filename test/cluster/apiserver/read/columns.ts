/** The columns `kubectl get` shows for built-in kinds. */
import type { Column } from '../kinds/kind.ts';
import {
  at,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  shown,
  stringAt,
  stringsAt,
  type Json,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';
import { age } from './age.ts';

type Cell = (object: ApiObject, now: number) => Json;

const text = (name: string, cell: Cell, priority = 0): Column => ({ name, type: 'string', priority, cell });
const integer = (name: string, cell: Cell): Column => ({ name, type: 'integer', cell });

const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  cell: (object) => object.metadata.name,
};

export const ageColumn = text('Age', (object, now) => age(object.metadata.creationTimestamp, now));

const field =
  (...path: string[]): Cell =>
  (object) =>
    stringAt(object, ...path) ?? '<none>';

const count =
  (...path: string[]): Cell =>
  (object) =>
    numberAt(object, ...path) ?? 0;

const entries =
  (...paths: string[]): Cell =>
  (object) =>
    paths.reduce((sum, path) => sum + Object.keys(objectAt(object, path) ?? {}).length, 0);

const containers = (object: ApiObject): JsonObject[] =>
  objectsAt(object, 'spec', 'template', 'spec', 'containers');
const containerNames = text(
  'Containers',
  (object) =>
    containers(object)
      .map((c) => stringAt(c, 'name'))
      .join(','),
  1,
);
const images = text(
  'Images',
  (object) =>
    containers(object)
      .map((c) => stringAt(c, 'image'))
      .join(','),
  1,
);

export function selectorText(selector: Json | undefined): string {
  const labels = objectAt(selector, 'matchLabels') ?? {};
  const parts = Object.entries(labels).map(([key, value]) => `${key}=${shown(value)}`);
  const sets = objectsAt(selector, 'matchExpressions').map(expressionText);
  return [...parts, ...sets].join(',');
}

function expressionText(expression: JsonObject): string {
  const key = stringAt(expression, 'key') ?? '';
  const operator = stringAt(expression, 'operator') ?? '';
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator.toLowerCase()} (${stringsAt(expression, 'values').join(',')})`;
}

const selector = text('Selector', (object) => selectorText(at(object, 'spec', 'selector')) || '<none>', 1);

/** What is wrong with a pod, in one word: the worst of its containers, or its phase. */
function podStatusText(pod: ApiObject): string {
  let reason = stringAt(pod, 'status', 'reason') ?? stringAt(pod, 'status', 'phase') ?? 'Unknown';
  for (const status of objectsAt(pod, 'status', 'containerStatuses').reverse()) {
    const waiting = stringAt(status, 'state', 'waiting', 'reason');
    const terminated = objectAt(status, 'state', 'terminated');
    if (waiting) reason = waiting;
    else if (terminated)
      reason = stringAt(terminated, 'reason') ?? `ExitCode:${shown(terminated['exitCode'])}`;
  }
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  return reason === 'Succeeded' || reason === 'Completed' ? reason : 'Terminating';
}

const readyContainers: Cell = (pod) => {
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const ready = statuses.filter((status) => status['ready'] === true).length;
  return `${ready}/${listAt(pod, 'spec', 'containers').length}`;
};

const restarts: Cell = (pod, now) => {
  const statuses = objectsAt(pod, 'status', 'containerStatuses');
  const total = statuses.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0);
  const ends = statuses.map((status) => stringAt(status, 'lastState', 'terminated', 'finishedAt') ?? '');
  const last = ends.sort().at(-1);
  return total > 0 && last ? `${total} (${age(last, now)} ago)` : String(total);
};

const gates: Cell = (pod) => {
  const types = objectsAt(pod, 'spec', 'readinessGates').map((gate) => stringAt(gate, 'conditionType'));
  const conditions = objectsAt(pod, 'status', 'conditions');
  const open = types.filter((type) => conditions.some((c) => c['type'] === type && c['status'] === 'True'));
  return types.length === 0 ? '<none>' : `${open.length}/${types.length}`;
};

const pods: Column[] = [
  text('Ready', readyContainers),
  text('Status', podStatusText),
  text('Restarts', restarts),
  ageColumn,
  text('IP', field('status', 'podIP'), 1),
  text('Node', field('spec', 'nodeName'), 1),
  text('Nominated Node', field('status', 'nominatedNodeName'), 1),
  text('Readiness Gates', gates, 1),
];

const readyReplicas: Cell = (object) =>
  `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`;

const servicePorts: Cell = (service) =>
  objectsAt(service, 'spec', 'ports')
    .map((port) => {
      const node = numberAt(port, 'nodePort');
      return `${shown(port['port'])}${node ? `:${node}` : ''}/${shown(port['protocol'])}`;
    })
    .join(',') || '<none>';

const mapText: (path: string[]) => Cell = (path) => (object) =>
  Object.entries(objectAt(object, ...path) ?? {})
    .map(([key, value]) => `${key}=${shown(value)}`)
    .join(',') || '<none>';

const services: Column[] = [
  text('Type', field('spec', 'type')),
  text('Cluster-IP', field('spec', 'clusterIP')),
  text('External-IP', field('spec', 'externalName')),
  text('Port(s)', servicePorts),
  ageColumn,
  text('Selector', mapText(['spec', 'selector']), 1),
];

const endpointAddresses: Cell = (endpoints) => {
  const all = objectsAt(endpoints, 'subsets').flatMap((subset) => {
    const ports = objectsAt(subset, 'ports').map((port) => `:${shown(port['port'])}`);
    const ips = objectsAt(subset, 'addresses').map((address) => stringAt(address, 'ip') ?? '');
    return ips.flatMap((ip) => (ports.length === 0 ? [ip] : ports.map((port) => ip + port)));
  });
  if (all.length === 0) return '<none>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
};

const eventAge: Cell = (event, now) =>
  age(
    stringAt(event, 'lastTimestamp') ?? stringAt(event, 'eventTime') ?? event.metadata.creationTimestamp,
    now,
  );

const involved = (event: ApiObject): string => {
  const about = objectAt(event, 'involvedObject') ?? objectAt(event, 'regarding');
  return `${(stringAt(about, 'kind') ?? '').toLowerCase()}/${stringAt(about, 'name') ?? ''}`;
};

const events: Column[] = [
  text('Last Seen', eventAge),
  text('Type', field('type')),
  text('Reason', field('reason')),
  text('Object', involved),
  text('Message', (event) => (stringAt(event, 'message') ?? stringAt(event, 'note') ?? '').trim()),
  text('Name', (event) => event.metadata.name, 1),
];

const nodeStatus: Cell = (node) => {
  const ready = objectsAt(node, 'status', 'conditions').find((condition) => condition['type'] === 'Ready');
  const word = ready?.['status'] === 'True' ? 'Ready' : ready ? 'NotReady' : 'Unknown';
  return at(node, 'spec', 'unschedulable') === true ? `${word},SchedulingDisabled` : word;
};

const nodeRoles: Cell = (node) =>
  Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith('node-role.kubernetes.io/'))
    .map((label) => label.slice(label.indexOf('/') + 1))
    .join(',') || '<none>';

const orNotAvailable =
  (...path: string[]): Cell =>
  (object) => {
    const value = at(object, ...path);
    return typeof value === 'number' || typeof value === 'string' ? shown(value) : 'N/A';
  };

const budgets: Column[] = [
  text('Min Available', orNotAvailable('spec', 'minAvailable')),
  text('Max Unavailable', orNotAvailable('spec', 'maxUnavailable')),
  integer('Allowed Disruptions', count('status', 'disruptionsAllowed')),
  ageColumn,
];

/** One target for each metric; nothing measures here, so what is measured is unknown. */
const targets: Cell = (autoscaler) =>
  objectsAt(autoscaler, 'spec', 'metrics')
    .map((metric) => {
      const percent = numberAt(metric, 'resource', 'target', 'averageUtilization');
      const wanted = percent === undefined ? '<auto>' : `${percent}%`;
      return `${stringAt(metric, 'resource', 'name') ?? ''}: <unknown>/${wanted}`;
    })
    .join(', ');

const autoscalers: Column[] = [
  text('Reference', (autoscaler) => {
    const target = objectAt(autoscaler, 'spec', 'scaleTargetRef');
    return `${stringAt(target, 'kind') ?? ''}/${stringAt(target, 'name') ?? ''}`;
  }),
  text('Targets', targets),
  text('MinPods', (autoscaler) => shown(at(autoscaler, 'spec', 'minReplicas'))),
  integer('MaxPods', count('spec', 'maxReplicas')),
  integer('Replicas', count('status', 'currentReplicas')),
  ageColumn,
];

const roleText: Cell = (binding) =>
  `${stringAt(binding, 'roleRef', 'kind') ?? ''}/${stringAt(binding, 'roleRef', 'name') ?? ''}`;

const owner: Cell = (object) => {
  const found = object.metadata.ownerReferences?.find((reference) => reference.controller);
  if (!found) return '<none>';
  const group = found.apiVersion.split('/').length > 1 ? `.${found.apiVersion.split('/')[0] ?? ''}` : '';
  return `${found.kind.toLowerCase()}${group}/${found.name}`;
};

/** Columns after the name. */
const known: Readonly<Record<string, readonly Column[]>> = {
  '/pods': pods,
  '/services': services,
  '/endpoints': [text('Endpoints', endpointAddresses), ageColumn],
  '/configmaps': [integer('Data', entries('data', 'binaryData')), ageColumn],
  '/secrets': [text('Type', field('type')), integer('Data', entries('data')), ageColumn],
  '/serviceaccounts': [integer('Secrets', (account) => listAt(account, 'secrets').length), ageColumn],
  '/namespaces': [text('Status', field('status', 'phase')), ageColumn],
  '/nodes': [
    text('Status', nodeStatus),
    text('Roles', nodeRoles),
    ageColumn,
    text('Version', field('status', 'nodeInfo', 'kubeletVersion')),
  ],
  '/persistentvolumes': [
    text('Reclaim Policy', field('spec', 'persistentVolumeReclaimPolicy')),
    text('Status', field('status', 'phase')),
    text('Claim', field('spec', 'claimRef', 'name')),
    ageColumn,
  ],
  '/persistentvolumeclaims': [
    text('Status', field('status', 'phase')),
    text('Volume', field('spec', 'volumeName')),
    ageColumn,
  ],
  'apps/statefulsets': [text('Ready', readyReplicas), ageColumn, containerNames, images],
  'apps/deployments': [
    text('Ready', readyReplicas),
    integer('Up-to-date', count('status', 'updatedReplicas')),
    integer('Available', count('status', 'availableReplicas')),
    ageColumn,
    containerNames,
    images,
    selector,
  ],
  'apps/replicasets': [
    integer('Desired', count('spec', 'replicas')),
    integer('Current', count('status', 'replicas')),
    integer('Ready', count('status', 'readyReplicas')),
    ageColumn,
    containerNames,
    images,
    selector,
  ],
  'apps/controllerrevisions': [text('Controller', owner), integer('Revision', count('revision')), ageColumn],
  'policy/poddisruptionbudgets': budgets,
  'autoscaling/horizontalpodautoscalers': autoscalers,
  'coordination.k8s.io/leases': [text('Holder', field('spec', 'holderIdentity')), ageColumn],
  'rbac.authorization.k8s.io/rolebindings': [text('Role', roleText), ageColumn],
  'rbac.authorization.k8s.io/clusterrolebindings': [text('Role', roleText), ageColumn],
  'networking.k8s.io/networkpolicies': [
    text('Pod-Selector', mapText(['spec', 'podSelector', 'matchLabels'])),
    ageColumn,
  ],
  'networking.k8s.io/ingresses': [
    text('Class', field('spec', 'ingressClassName')),
    text(
      'Hosts',
      (ingress) =>
        objectsAt(ingress, 'spec', 'rules')
          .map((rule) => stringAt(rule, 'host') ?? '*')
          .join(',') || '*',
    ),
    ageColumn,
  ],
};

/** Created At is what kinds without a printer of their own show; theirs is the API's generic table. */
const createdAt = text('Created At', (object) => object.metadata.creationTimestamp ?? '');

export function builtinColumns(group: string, plural: string): Column[] {
  if (plural === 'events') return events;
  return [nameColumn, ...(known[`${group}/${plural}`] ?? [createdAt])];
}

export { nameColumn };
