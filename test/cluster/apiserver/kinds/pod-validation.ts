/** The rules of a pod spec that people break most: names, references between parts, probes and ports. */
import { nameErrors, isDnsLabel } from '../../../../operator/schema/names.ts';
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
  type FieldError,
} from '../../../../operator/schema/field-error.ts';
import {
  numberAt,
  objectAt,
  objectsAt,
  shown,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import { isQuantity, quantityNano } from '../../../../operator/schema/quantity.ts';

/** @param claims volumes that come from elsewhere, as those of a StatefulSet's claims */
export function validatePodSpec(
  spec: JsonObject,
  path: string,
  claims: readonly string[] = [],
): FieldError[] {
  const named = objectsAt(spec, 'volumes').map((volume) => stringAt(volume, 'name') ?? '');
  const volumes = [...named, ...claims];
  const containers = objectsAt(spec, 'containers');
  return [
    ...namedItems(objectsAt(spec, 'volumes'), `${path}.volumes`),
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...namedItems(containers, `${path}.containers`),
    ...containers.flatMap((container, i) => containerErrors(container, `${path}.containers[${i}]`, volumes)),
    ...objectsAt(spec, 'initContainers').flatMap((container, i) =>
      containerErrors(container, `${path}.initContainers[${i}]`, volumes),
    ),
    ...oneOf(spec, 'restartPolicy', ['Always', 'OnFailure', 'Never'], path),
    ...oneOf(spec, 'dnsPolicy', ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], path),
    ...notNegative(spec, 'terminationGracePeriodSeconds', path),
    ...subdomain(spec, path),
  ];
}

function namedItems(items: JsonObject[], path: string): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const name = stringAt(item, 'name') ?? '';
    const field = `${path}[${index}].name`;
    if (name === '') return [required(field)];
    if (seen.has(name)) return [duplicate(field, name)];
    seen.add(name);
    return nameErrors('label', name, field);
  });
}

function containerErrors(container: JsonObject, path: string, volumes: readonly string[]): FieldError[] {
  return [
    ...(stringAt(container, 'image') ? [] : [required(`${path}.image`)]),
    ...oneOf(container, 'imagePullPolicy', ['Always', 'IfNotPresent', 'Never'], path),
    ...objectsAt(container, 'ports').flatMap((port, i) => portErrors(port, `${path}.ports[${i}]`)),
    ...objectsAt(container, 'env').flatMap((variable, i) =>
      stringAt(variable, 'name') ? [] : [required(`${path}.env[${i}].name`)],
    ),
    ...objectsAt(container, 'volumeMounts').flatMap((mount, i) =>
      mountErrors(mount, `${path}.volumeMounts[${i}]`, volumes),
    ),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) =>
      probeErrors(objectAt(container, name), `${path}.${name}`, name),
    ),
    ...resourceErrors(objectAt(container, 'resources') ?? {}, `${path}.resources`),
  ];
}

function portErrors(port: JsonObject, path: string): FieldError[] {
  const number = numberAt(port, 'containerPort');
  const errors = oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], path);
  if (number === undefined) return [...errors, required(`${path}.containerPort`)];
  if (number < 1 || number > 65535) {
    errors.push(invalidValue(`${path}.containerPort`, number, 'must be between 1 and 65535, inclusive'));
  }
  return errors;
}

function mountErrors(mount: JsonObject, path: string, volumes: readonly string[]): FieldError[] {
  const name = stringAt(mount, 'name') ?? '';
  if (name === '') return [required(`${path}.name`)];
  const missing = volumes.includes(name)
    ? []
    : [
        {
          field: `${path}.name`,
          reason: 'FieldValueNotFound',
          message: `Not found: ${JSON.stringify(name)}`,
        },
      ];
  return [...missing, ...(stringAt(mount, 'mountPath') ? [] : [required(`${path}.mountPath`)])];
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function probeErrors(probe: JsonObject | undefined, path: string, name: string): FieldError[] {
  if (!probe) return [];
  const given = handlers.filter((handler) => probe[handler] !== undefined);
  const errors = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ].flatMap((field) => notNegative(probe, field, path));
  if (given.length === 0) errors.push(required(path, 'must specify a handler type'));
  if (given.length > 1) {
    const more = given.slice(1).map((handler) => `${path}.${handler}`);
    errors.push(
      ...more.map((field) => ({
        field,
        reason: 'FieldValueForbidden',
        message: 'Forbidden: may not specify more than 1 handler type',
      })),
    );
  }
  const successes = numberAt(probe, 'successThreshold') ?? 1;
  if (name !== 'readinessProbe' && successes !== 1)
    errors.push(invalidValue(`${path}.successThreshold`, successes, 'must be 1'));
  return errors;
}

function resourceErrors(resources: JsonObject, path: string): FieldError[] {
  const limits = objectAt(resources, 'limits') ?? {};
  const requests = objectAt(resources, 'requests') ?? {};
  const malformed = [...Object.entries(limits), ...Object.entries(requests)].filter(
    ([, value]) => typeof value === 'string' && !isQuantity(value),
  );
  const tooMuch = Object.entries(requests).filter(
    ([name, value]) =>
      stringAt(limits, name) && quantityNano(shown(value)) > quantityNano(stringAt(limits, name) ?? ''),
  );
  return [
    ...malformed.map(([name, value]) => invalidValue(`${path}.${name}`, value, 'must be a quantity')),
    ...tooMuch.map(([name, value]) =>
      invalidValue(
        `${path}.requests`,
        value,
        `must be less than or equal to ${name} limit of ${stringAt(limits, name) ?? ''}`,
      ),
    ),
  ];
}

export function oneOf(
  object: JsonObject,
  field: string,
  allowed: readonly string[],
  path: string,
): FieldError[] {
  const value = stringAt(object, field);
  return value === undefined || allowed.includes(value)
    ? []
    : [notSupported(`${path}.${field}`, value, allowed)];
}

export function notNegative(object: JsonObject, field: string, path: string): FieldError[] {
  const value = numberAt(object, field);
  const wrong = value !== undefined && value < 0;
  return wrong ? [invalidValue(`${path}.${field}`, value, 'must be greater than or equal to 0')] : [];
}

function subdomain(spec: JsonObject, path: string): FieldError[] {
  return ['hostname', 'subdomain'].flatMap((field) => {
    const value = stringAt(spec, field);
    return value === undefined || isDnsLabel(value) ? [] : nameErrors('label', value, `${path}.${field}`);
  });
}
