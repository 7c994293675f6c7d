/** Kinds with a rule or two: configuration, identities, budgets, leases, nodes and namespaces. */
import type { Strategy } from './kind.ts';
import { canonicalResources } from '../../../../operator/schema/quantity.ts';
import {
  forbiddenField,
  invalidValue,
  required,
  tooLong,
  type FieldError,
} from '../../../../operator/schema/field-error.ts';
import {
  copy,
  equal,
  fill,
  listAt,
  objectAt,
  objectsAt,
  removeAt,
  shown,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';

const specOf = (object: ApiObject): JsonObject => objectAt(object, 'spec') ?? {};

const dataKey = /^[-._a-zA-Z0-9]+$/;
const dataMaxBytes = 1024 * 1024;

function dataErrors(object: ApiObject): FieldError[] {
  const entries = ['data', 'binaryData'].flatMap((field) =>
    Object.entries(objectAt(object, field) ?? {}).map(([key, value]) => ({ field, key, value })),
  );
  const bytes = entries.reduce((sum, { value }) => sum + Buffer.byteLength(shown(value)), 0);
  const bad = entries.filter(({ key }) => !dataKey.test(key) || key.length > 253 || /^\.\.?$/.test(key));
  const detail =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', " +
    "regex used for validation is '[-._a-zA-Z0-9]+')";
  return [
    ...bad.map(({ field, key }) => invalidValue(`${field}[${key}]`, key, detail)),
    ...(bytes > dataMaxBytes ? [tooLong('', dataMaxBytes)] : []),
  ];
}

function immutableData(object: ApiObject, old: ApiObject): FieldError[] {
  if (old['immutable'] !== true) return [];
  const detail = 'field is immutable when `immutable` is set';
  return [
    ...(object['immutable'] === true ? [] : [forbiddenField('immutable', detail)]),
    ...['data', 'binaryData']
      .filter((field) => !equal(object[field], old[field]))
      .map((field) => forbiddenField(field, detail)),
  ];
}

export const configMapStrategy: Strategy = {
  nameCheck: 'subdomain',
  validate: dataErrors,
  validateUpdate: immutableData,
};

export const secretStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(secret) {
    fill(secret, 'type', 'Opaque');
    const plain = objectAt(secret, 'stringData');
    if (!plain) return;
    const encoded = Object.entries(plain).map(([key, value]) => [
      key,
      Buffer.from(shown(value)).toString('base64'),
    ]);
    secret['data'] = { ...objectAt(secret, 'data'), ...(Object.fromEntries(encoded) as JsonObject) };
    removeAt(secret, ['stringData']);
  },
  validate: (secret) => [...dataErrors(secret), ...secretTypeErrors(secret)],
  validateUpdate: (secret, old) => [
    ...immutableData(secret, old),
    ...(secret['type'] === old['type'] ? [] : [invalidValue('type', secret['type'], 'field is immutable')]),
  ],
};

function secretTypeErrors(secret: ApiObject): FieldError[] {
  if (secret['type'] !== 'kubernetes.io/tls') return [];
  const data = objectAt(secret, 'data') ?? {};
  return ['tls.crt', 'tls.key'].filter((key) => !data[key]).map((key) => required(`data[${key}]`));
}

/** A namespace keeps its `kubernetes` finalizer until its contents are gone. */
export const namespaceStrategy: Strategy = {
  nameCheck: 'label',
  setDefaults(namespace) {
    namespace.metadata.labels = {
      ...namespace.metadata.labels,
      'kubernetes.io/metadata.name': namespace.metadata.name,
    };
  },
  prepareForCreate(namespace) {
    namespace['spec'] = { finalizers: ['kubernetes'] };
    namespace['status'] = { phase: 'Active' };
  },
  prepareForUpdate(namespace, old) {
    if (old['spec'] !== undefined) namespace['spec'] = copy(old['spec']);
  },
  isHeld: (namespace) => listAt(namespace, 'spec', 'finalizers').length > 0,
};

export const nodeStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(node) {
    fill(node, 'spec', {});
    canonicalResources(objectAt(node, 'status', 'capacity'));
    canonicalResources(objectAt(node, 'status', 'allocatable'));
  },
};

export const claimStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(claim) {
    fill(specOf(claim), 'volumeMode', 'Filesystem');
    canonicalResources(objectAt(claim, 'spec', 'resources', 'requests'));
  },
  prepareForCreate(claim) {
    claim['status'] = { phase: 'Pending' };
  },
};

export const volumeStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(volume) {
    const spec = specOf(volume);
    fill(spec, 'volumeMode', 'Filesystem');
    fill(spec, 'persistentVolumeReclaimPolicy', 'Retain');
    canonicalResources(objectAt(spec, 'capacity'));
  },
  prepareForCreate(volume) {
    volume['status'] = { phase: 'Pending' };
  },
};

export const budgetStrategy: Strategy = {
  nameCheck: 'subdomain',
  prepareForCreate(budget) {
    budget['status'] = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  },
  validate(budget) {
    const { minAvailable, maxUnavailable } = specOf(budget);
    if (minAvailable === undefined || maxUnavailable === undefined) return [];
    return [invalidValue('spec', {}, 'minAvailable and maxUnavailable cannot be both set')];
  },
};

export const leaseStrategy: Strategy = {
  nameCheck: 'subdomain',
  validate(lease) {
    const spec = specOf(lease);
    const seconds = spec['leaseDurationSeconds'];
    const transitions = spec['leaseTransitions'];
    return [
      ...(typeof seconds === 'number' && seconds <= 0
        ? [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
        : []),
      ...(typeof transitions === 'number' && transitions < 0
        ? [invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
        : []),
    ];
  },
};

export const roleBindingStrategy: Strategy = {
  nameCheck: 'path',
  setDefaults(binding) {
    const role = objectAt(binding, 'roleRef');
    if (role) fill(role, 'apiGroup', 'rbac.authorization.k8s.io');
    for (const subject of objectsAt(binding, 'subjects')) {
      if (stringAt(subject, 'kind') !== 'ServiceAccount')
        fill(subject, 'apiGroup', 'rbac.authorization.k8s.io');
    }
  },
  validate: (binding) => (stringAt(binding, 'roleRef', 'name') ? [] : [required('roleRef.name')]),
  validateUpdate: (binding, old) =>
    equal(binding['roleRef'], old['roleRef'])
      ? []
      : [invalidValue('roleRef', binding['roleRef'], 'cannot change roleRef')],
};

export const roleStrategy: Strategy = {
  nameCheck: 'path',
  setDefaults(role) {
    fill(role, 'rules', []);
  },
  validate: (role) =>
    objectsAt(role, 'rules').flatMap((rule, index) =>
      listAt(rule, 'verbs').length > 0
        ? []
        : [required(`rules[${index}].verbs`, 'verbs must contain at least one value')],
    ),
};

export const subdomainNamed: Strategy = { nameCheck: 'subdomain' };
