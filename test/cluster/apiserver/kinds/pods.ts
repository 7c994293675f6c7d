/** Pods: what is decided at creation, what may change later, and the slow death that the kubelet confirms. */
import { containersOf, defaultPodSpec, defaultRequests } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';
import type { Strategy } from './kind.ts';
import {
  copy,
  equal,
  fill,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import { forbiddenField, type FieldError } from '../../../../operator/schema/field-error.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';

const specOf = (pod: ApiObject): JsonObject => objectAt(pod, 'spec') ?? {};

export const podStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(pod) {
    pod['spec'] = specOf(pod);
    defaultPodSpec(specOf(pod));
    defaultRequests(specOf(pod));
    fill(specOf(pod), 'enableServiceLinks', true);
  },
  prepareForCreate(pod) {
    pod['status'] = { phase: 'Pending', qosClass: qosClass(specOf(pod)) };
  },
  validate: (pod) => validatePodSpec(specOf(pod), 'spec'),
  validateUpdate: (pod, old) => onlyMutableFields(specOf(pod), specOf(old)),
  graceSeconds(pod) {
    const phase = stringAt(pod, 'status', 'phase');
    if (!stringAt(pod, 'spec', 'nodeName') || phase === 'Succeeded' || phase === 'Failed') return 0;
    return numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? 30;
  },
};

/** A running pod may only get another image, a shorter deadline, more tolerations or fewer scheduling gates. */
function onlyMutableFields(spec: JsonObject, old: JsonObject): FieldError[] {
  const munged = copy(spec);
  for (const [list, index, container] of eachContainer(munged)) {
    const before = objectsAt(old, list)[index];
    if (before?.['image'] !== undefined) container['image'] = before['image'];
  }
  const fields = [
    'activeDeadlineSeconds',
    'tolerations',
    'terminationGracePeriodSeconds',
    'schedulingGates',
    'nodeName',
  ];
  for (const field of fields) {
    if (old[field] === undefined) Reflect.deleteProperty(munged, field);
    else munged[field] = old[field];
  }
  if (equal(munged, old)) return nodeUnchanged(spec, old);
  const detail =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
    '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
    '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [forbiddenField('spec', detail)];
}

const nodeUnchanged = (spec: JsonObject, old: JsonObject): FieldError[] =>
  spec['nodeName'] === old['nodeName']
    ? []
    : [forbiddenField('spec.nodeName', 'is immutable; use the binding')];

function* eachContainer(spec: JsonObject): Generator<[string, number, JsonObject]> {
  for (const list of ['initContainers', 'containers']) {
    for (const [index, container] of objectsAt(spec, list).entries()) yield [list, index, container];
  }
}

const qosResources = ['cpu', 'memory'];

/** Guaranteed when every container's limits equal its requests, BestEffort when nothing is asked for. */
export function qosClass(spec: JsonObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = containersOf(spec).map((container) => objectAt(container, 'resources') ?? {});
  const named = (kind: string, of: JsonObject): string[] =>
    qosResources.map((name) => stringAt(of, kind, name) ?? '').filter((value) => value !== '');
  if (resources.every((of) => named('limits', of).length + named('requests', of).length === 0))
    return 'BestEffort';
  const guaranteed = resources.every(
    (of) =>
      named('limits', of).length === qosResources.length &&
      qosResources.every((name) => stringAt(of, 'limits', name) === stringAt(of, 'requests', name)),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
