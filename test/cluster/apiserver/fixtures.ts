/** A small custom kind for unit tests, with one of everything that schemas can say. */
import { kindsOf } from './custom/definition.ts';
import type { JsonObject } from '../../../operator/schema/json.ts';
import type { Kind } from './kinds/kind.ts';
import type { ApiObject } from '../../../operator/schema/object.ts';

const spec: JsonObject = {
  type: 'object',
  required: ['image'],
  properties: {
    image: { type: 'string', maxLength: 20 },
    replicas: { type: 'integer', minimum: 0, maximum: 64, default: 1 },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    args: { type: 'array', items: { type: 'string' } },
    port: { 'x-kubernetes-int-or-string': true },
    nested: {
      type: 'object',
      default: {},
      properties: { deep: { type: 'integer', default: 5 }, text: { type: 'string' } },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    whole: {
      type: 'object',
      'x-kubernetes-map-type': 'atomic',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    },
    items: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, value: { type: 'string' }, size: { type: 'integer' } },
      },
    },
  },
};

const status: JsonObject = {
  type: 'object',
  properties: { replicas: { type: 'integer' }, note: { type: 'string' } },
};

/** Other properties of `spec` go over the usual ones. */
export function widgetKind(overrides: JsonObject = {}): Kind {
  const schema = { type: 'object', properties: { spec: { ...spec, ...overrides }, status } };
  const [kind] = kindsOf({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  });
  if (!kind) throw new Error('the definition serves nothing');
  return kind;
}

export const widget = (spec: JsonObject, rest: JsonObject = {}): ApiObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name: 'w' },
  spec,
  ...rest,
});
