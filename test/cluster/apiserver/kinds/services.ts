/** Services and what leads to them: ports, cluster addresses, ingresses and network policies. */
import type { Strategy } from './kind.ts';
import { oneOf } from './pod-validation.ts';
import { nameErrors } from '../../../../operator/schema/names.ts';
import { invalidValue, required, type FieldError } from '../../../../operator/schema/field-error.ts';
import {
  fill,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  stringAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import type { ApiObject } from '../../../../operator/schema/object.ts';

const specOf = (object: ApiObject): JsonObject => objectAt(object, 'spec') ?? {};

/** Gives addresses of 10.96.0.0/12 in turn; an address is free again when its Service is gone. */
export function clusterAddresses(services: () => readonly ApiObject[]): () => string {
  let next = 10;
  return () => {
    const taken = new Set(services().map((service) => stringAt(service, 'spec', 'clusterIP')));
    for (;;) {
      const address = `10.96.${(next >> 8) & 255}.${next & 255}`;
      next = (next + 1) % 65_000;
      if (!taken.has(address)) return address;
    }
  };
}

export function serviceStrategy(allocate: () => string): Strategy {
  return {
    nameCheck: 'label',
    setDefaults: defaultService,
    prepareForCreate(service) {
      service['status'] = { loadBalancer: {} };
      giveAddress(specOf(service), allocate);
    },
    prepareForUpdate(service, old) {
      keepAddress(specOf(service), specOf(old));
      giveAddress(specOf(service), allocate);
    },
    validate: (service) => serviceErrors(service),
    validateUpdate: (service, old) => addressUnchanged(specOf(service), specOf(old)),
  };
}

function defaultService(service: ApiObject): void {
  const spec = specOf(service);
  service['spec'] = spec;
  fill(spec, 'sessionAffinity', 'None');
  fill(spec, 'type', 'ClusterIP');
  if (spec['sessionAffinity'] === 'ClientIP')
    fill(spec, 'sessionAffinityConfig', { clientIP: { timeoutSeconds: 10_800 } });
  for (const port of objectsAt(spec, 'ports')) {
    fill(port, 'protocol', 'TCP');
    fill(port, 'targetPort', port['port'] ?? 0);
  }
  if (spec['type'] === 'ExternalName') return;
  fill(spec, 'internalTrafficPolicy', 'Cluster');
  if (spec['type'] === 'ClusterIP') return;
  fill(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec['type'] === 'LoadBalancer') fill(spec, 'allocateLoadBalancerNodePorts', true);
}

function giveAddress(spec: JsonObject, allocate: () => string): void {
  if (spec['type'] === 'ExternalName') return;
  if (!stringAt(spec, 'clusterIP')) spec['clusterIP'] = stringAt(listAt(spec, 'clusterIPs')[0]) ?? allocate();
  fill(spec, 'clusterIPs', [stringAt(spec, 'clusterIP') ?? 'None']);
  fill(spec, 'ipFamilies', ['IPv4']);
  fill(spec, 'ipFamilyPolicy', 'SingleStack');
}

/** A replace that leaves the address out means "as it is". */
function keepAddress(spec: JsonObject, old: JsonObject): void {
  if (spec['type'] === 'ExternalName') return;
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    const before = old[field];
    if (before !== undefined) fill(spec, field, before);
  }
}

function addressUnchanged(spec: JsonObject, old: JsonObject): FieldError[] {
  const before = stringAt(old, 'clusterIP');
  const now = stringAt(spec, 'clusterIP');
  if (!before || before === now || spec['type'] === 'ExternalName') return [];
  return [invalidValue('spec.clusterIPs[0]', [now ?? ''], 'may not change once set')];
}

function serviceErrors(service: ApiObject): FieldError[] {
  const spec = specOf(service);
  const ports = objectsAt(spec, 'ports');
  const headless = stringAt(spec, 'clusterIP') === 'None';
  const none = ports.length === 0 && !headless && spec['type'] !== 'ExternalName';
  return [
    ...nameErrors('label1035', service.metadata.name, 'metadata.name'),
    ...(none ? [required('spec.ports')] : []),
    ...ports.flatMap((port, index) => portErrors(port, index, ports.length)),
    ...oneOf(spec, 'type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'spec'),
    ...oneOf(spec, 'sessionAffinity', ['ClientIP', 'None'], 'spec'),
  ];
}

function portErrors(port: JsonObject, index: number, count: number): FieldError[] {
  const path = `spec.ports[${index}]`;
  const number = numberAt(port, 'port') ?? 0;
  const name = stringAt(port, 'name') ?? '';
  const errors = oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], path);
  if (count > 1 && name === '') errors.push(required(`${path}.name`));
  if (name !== '') errors.push(...nameErrors('label', name, `${path}.name`));
  if (number < 1 || number > 65535) {
    errors.push(invalidValue(`${path}.port`, number, 'must be between 1 and 65535, inclusive'));
  }
  return errors;
}

export const ingressStrategy: Strategy = {
  nameCheck: 'subdomain',
  prepareForCreate(ingress) {
    ingress['status'] = { loadBalancer: {} };
  },
  validate(ingress) {
    const spec = specOf(ingress);
    const empty = objectsAt(spec, 'rules').length === 0 && !objectAt(spec, 'defaultBackend');
    return empty ? [invalidValue('spec', null, 'either `defaultBackend` or `rules` must be specified')] : [];
  },
};

export const networkPolicyStrategy: Strategy = {
  nameCheck: 'subdomain',
  setDefaults(policy) {
    const spec = specOf(policy);
    policy['spec'] = spec;
    fill(spec, 'podSelector', {});
    fill(spec, 'policyTypes', spec['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
    for (const rule of [...objectsAt(spec, 'ingress'), ...objectsAt(spec, 'egress')]) {
      for (const port of objectsAt(rule, 'ports')) fill(port, 'protocol', 'TCP');
    }
  },
};
