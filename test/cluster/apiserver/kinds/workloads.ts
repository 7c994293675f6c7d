/** StatefulSets, Deployments, ReplicaSets and ControllerRevisions: defaults and what may never change. */
import type { Strategy } from './kind.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { notNegative, oneOf, validatePodSpec } from './pod-validation.ts';
import { canonicalResources } from '../../../../operator/schema/quantity.ts';
import {
  forbiddenField,
  invalidValue,
  invalidWhole,
  notSupported,
  required,
  type FieldError,
} from '../../../../operator/schema/field-error.ts';
import {
  equal,
  fill,
  objectAt,
  objectsAt,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';

const specOf = (object: ApiObject): JsonObject => objectAt(object, 'spec') ?? {};

function defaultTemplate(spec: JsonObject): void {
  const template = objectAt(spec, 'template') ?? {};
  spec['template'] = template;
  template['metadata'] = objectAt(template, 'metadata') ?? {};
  template['spec'] = objectAt(template, 'spec') ?? {};
  defaultPodSpec(template['spec']);
}

/** An object inside the spec, made when missing. */
function child(spec: JsonObject, field: string): JsonObject {
  const found = objectAt(spec, field) ?? {};
  spec[field] = found;
  return found;
}

const noStatus = (object: ApiObject): void => {
  object['status'] = {};
};

export const statefulSetStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(set) {
    const spec = specOf(set);
    set['spec'] = spec;
    defaultTemplate(spec);
    fill(spec, 'podManagementPolicy', 'OrderedReady');
    fill(spec, 'replicas', 1);
    fill(spec, 'revisionHistoryLimit', 10);
    const strategy = child(spec, 'updateStrategy');
    fill(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') fill(child(strategy, 'rollingUpdate'), 'partition', 0);
    const retention = child(spec, 'persistentVolumeClaimRetentionPolicy');
    fill(retention, 'whenDeleted', 'Retain');
    fill(retention, 'whenScaled', 'Retain');
    objectsAt(spec, 'volumeClaimTemplates').forEach(defaultClaim);
  },
  prepareForCreate(set) {
    set['status'] = { replicas: 0, availableReplicas: 0 };
  },
  validate: (set) => [...workloadErrors(specOf(set)), ...updateStrategyErrors(specOf(set))],
  validateUpdate: (set, old) => immutableStatefulSet(specOf(set), specOf(old)),
};

function defaultClaim(claim: JsonObject): void {
  fill(claim, 'apiVersion', 'v1');
  fill(claim, 'kind', 'PersistentVolumeClaim');
  const spec = child(claim, 'spec');
  fill(spec, 'volumeMode', 'Filesystem');
  canonicalResources(objectAt(spec, 'resources', 'requests'));
  fill(claim, 'status', { phase: 'Pending' });
}

function updateStrategyErrors(spec: JsonObject): FieldError[] {
  const strategy = objectAt(spec, 'updateStrategy') ?? {};
  return [
    ...oneOf(spec, 'podManagementPolicy', ['OrderedReady', 'Parallel'], 'spec'),
    ...oneOf(strategy, 'type', ['RollingUpdate', 'OnDelete'], 'spec.updateStrategy'),
    ...notNegative(
      objectAt(strategy, 'rollingUpdate') ?? {},
      'partition',
      'spec.updateStrategy.rollingUpdate',
    ),
    ...notNegative(spec, 'minReadySeconds', 'spec'),
    ...notNegative(objectAt(spec, 'ordinals') ?? {}, 'start', 'spec.ordinals'),
  ];
}

const mutableStatefulSetFields = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function immutableStatefulSet(spec: JsonObject, old: JsonObject): FieldError[] {
  const fields = new Set([...Object.keys(spec), ...Object.keys(old)]);
  const changed = [...fields].some(
    (field) => !mutableStatefulSetFields.includes(field) && !equal(spec[field], old[field]),
  );
  if (!changed) return [];
  const detail =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [forbiddenField('spec', detail)];
}

/** What every workload must hold: a selector that its own template carries, and a valid template. */
function workloadErrors(spec: JsonObject): FieldError[] {
  const template = objectAt(spec, 'template') ?? {};
  const podSpec = objectAt(template, 'spec') ?? {};
  const policy = stringAt(podSpec, 'restartPolicy');
  const claims = objectsAt(spec, 'volumeClaimTemplates').map(
    (claim) => stringAt(claim, 'metadata', 'name') ?? '',
  );
  return [
    ...selectorErrors(objectAt(spec, 'selector'), objectAt(template, 'metadata', 'labels') ?? {}),
    ...notNegative(spec, 'replicas', 'spec'),
    ...validatePodSpec(podSpec, 'spec.template.spec', claims),
    ...(policy === 'Always' ? [] : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])]),
  ];
}

function selectorErrors(selector: JsonObject | undefined, labels: JsonObject): FieldError[] {
  if (!selector) return [required('spec.selector')];
  const wanted = objectAt(selector, 'matchLabels') ?? {};
  if (Object.keys(wanted).length + objectsAt(selector, 'matchExpressions').length === 0) {
    return [invalidWhole('spec.selector', 'empty selector is invalid for deployment')];
  }
  const carried = Object.entries(wanted).every(([key, value]) => labels[key] === value);
  const detail = '`selector` does not match template `labels`';
  return carried ? [] : [invalidValue('spec.template.metadata.labels', labels, detail)];
}

export const deploymentStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(deployment) {
    const spec = specOf(deployment);
    deployment['spec'] = spec;
    defaultTemplate(spec);
    fill(spec, 'replicas', 1);
    fill(spec, 'revisionHistoryLimit', 10);
    fill(spec, 'progressDeadlineSeconds', 600);
    const strategy = child(spec, 'strategy');
    fill(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] !== 'RollingUpdate') return;
    fill(child(strategy, 'rollingUpdate'), 'maxUnavailable', '25%');
    fill(child(strategy, 'rollingUpdate'), 'maxSurge', '25%');
  },
  prepareForCreate: noStatus,
  validate: (deployment) => [
    ...workloadErrors(specOf(deployment)),
    ...oneOf(
      objectAt(specOf(deployment), 'strategy') ?? {},
      'type',
      ['Recreate', 'RollingUpdate'],
      'spec.strategy',
    ),
    ...recreateErrors(objectAt(specOf(deployment), 'strategy') ?? {}),
  ],
  validateUpdate: sameSelector,
};

function recreateErrors(strategy: JsonObject): FieldError[] {
  if (strategy['type'] !== 'Recreate' || !strategy['rollingUpdate']) return [];
  const detail = "may not be specified when strategy `type` is 'Recreate'";
  return [forbiddenField('spec.strategy.rollingUpdate', detail)];
}

function sameSelector(object: ApiObject, old: ApiObject): FieldError[] {
  const selector = objectAt(specOf(object), 'selector');
  if (equal(selector, objectAt(specOf(old), 'selector'))) return [];
  return [invalidValue('spec.selector', selector, 'field is immutable')];
}

export const replicaSetStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(set) {
    const spec = specOf(set);
    set['spec'] = spec;
    defaultTemplate(spec);
    fill(spec, 'replicas', 1);
  },
  prepareForCreate(set) {
    set['status'] = { replicas: 0 };
  },
  validate: (set) => workloadErrors(specOf(set)),
  validateUpdate: sameSelector,
};

export const controllerRevisionStrategy: Strategy = {
  nameCheck: 'subdomain',
  validate: (revision) => (typeof revision['revision'] === 'number' ? [] : [required('revision')]),
  validateUpdate: (revision, old) =>
    equal(revision['data'], old['data']) ? [] : [invalidWhole('data', 'field is immutable')],
};
