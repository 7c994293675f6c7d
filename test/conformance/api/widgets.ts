/** A custom resource for the tests, with one of everything that definitions offer. Each test file installs its own group. */
import { strict as assert } from 'node:assert';
import { after, before } from 'node:test';
import { systemRandom } from '../../../common/clock-system.ts';
import { eventually } from '../workloads/place.ts';
import { target } from '../target.ts';

export interface Widgets {
  readonly group: string;
  readonly apiVersion: string;
  /** `widgets.<group>`, as kubectl takes it. */
  readonly resource: string;
  /** A manifest as text, ready for `-f -`. */
  readonly manifest: (name: string, spec: object, rest?: object) => string;
}

const text = (more: object = {}) => ({ type: 'string', maxLength: 64, ...more });

const spec = {
  type: 'object',
  description: 'What the widget should be.',
  required: ['image'],
  properties: {
    image: text({ description: 'The picture on the widget.' }),
    replicas: {
      type: 'integer',
      format: 'int32',
      minimum: 0,
      maximum: 64,
      default: 1,
      description: 'How many.',
    },
    max: { type: 'integer', default: 64 },
    mode: { type: 'string', enum: ['fast', 'safe'] },
    serial: text({
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'serial is immutable' }],
    }),
    port: { 'x-kubernetes-int-or-string': true },
    tags: { type: 'array', maxItems: 3, 'x-kubernetes-list-type': 'set', items: text() },
    labels: { type: 'object', maxProperties: 8, additionalProperties: text() },
    nested: {
      type: 'object',
      default: {},
      description: 'Something inside.',
      properties: { deep: { type: 'integer', default: 5, description: 'How deep it is.' }, note: text() },
    },
    parts: {
      type: 'array',
      maxItems: 8,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', required: ['name'], properties: { name: text(), value: text() } },
    },
  },
  'x-kubernetes-validations': [
    { rule: 'self.replicas <= self.max', message: 'replicas must be less than or equal to max' },
  ],
};

const status = {
  type: 'object',
  properties: {
    replicas: { type: 'integer' },
    selector: { type: 'string' },
    note: { type: 'string' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status'],
        properties: { type: { type: 'string' }, status: { type: 'string' }, reason: { type: 'string' } },
      },
    },
  },
};

const version = {
  name: 'v1',
  served: true,
  storage: true,
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  additionalPrinterColumns: [
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Image', type: 'string', jsonPath: '.spec.image', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: {
    openAPIV3Schema: {
      type: 'object',
      description: 'A widget.',
      required: ['spec'],
      properties: { spec, status },
    },
  },
};

const definition = (group: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wdg'], categories: ['gadgets'] },
    versions: [version],
  },
});

/** Installs the definition under a fresh group before the tests of a file, and deletes it after them. */
export function useWidgets(): Widgets {
  const group = `t${systemRandom.id().slice(0, 6)}.conformance.dev`;
  const resource = `widgets.${group}`;
  const apiVersion = `${group}/v1`;
  before(() => install(group));
  after(async () => {
    await (await target()).kubectl(['delete', 'crd', resource, '--wait=false']);
  });
  return {
    group,
    apiVersion,
    resource,
    manifest: (name, spec, rest = {}) =>
      JSON.stringify({ apiVersion, kind: 'Widget', metadata: { name }, spec, ...rest }),
  };
}

async function install(group: string): Promise<void> {
  const cluster = await target();
  const input = JSON.stringify(definition(group));
  const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], { input });
  assert.equal(code, 0, stderr);
  await cluster.kubectl(['wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=180s']);
  // Established is not yet served, nor explained: a real server publishes both a moment later.
  const served = async () => (await cluster.kubectl(['explain', `widgets.${group}`])).code === 0;
  await eventually('the resource is served', served);
}
