/** OpenAPI v3, one document per group and version: what `kubectl explain`, `apply` and `diff` read. */
import { objectAt, type Json, type JsonObject } from '../../../../operator/schema/json.ts';
import { groupVersion, type Kind } from '../kinds/kind.ts';
import type { Registry } from '../kinds/registry.ts';
import { modelSchema } from '../schema/models.ts';
import type { Schema } from '../../../../operator/schema/schema.ts';
import { version } from './version.ts';
import { modelDocs } from './model-docs.ts';
import { versionsOf } from './discovery.ts';

const rootOf = (kind: { group: string; version: string }): string =>
  kind.group ? `apis/${kind.group}/${kind.version}` : `api/${kind.version}`;

/** The index: a path per document. The hash changes with the set of kinds, so clients may cache. */
export function openApiIndex(registry: Registry): JsonObject {
  const groups = [...new Set(registry.all().map(({ group }) => group))];
  const roots = groups.flatMap((group) =>
    versionsOf(registry, group).map((name) => rootOf({ group, version: name })),
  );
  return {
    paths: Object.fromEntries(
      roots.map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${registry.version}` }]),
    ),
  };
}

/** The document of one group and version; undefined when nothing is served there. */
export function openApiDocument(registry: Registry, root: string): JsonObject | undefined {
  const kinds = registry.all().filter((kind) => rootOf(kind) === root);
  if (kinds.length === 0) return undefined;
  const schemas: JsonObject = {};
  for (const kind of kinds) schemas[kindSchemaName(kind)] = kindSchema(kind, schemas);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: version.gitVersion },
    paths: Object.fromEntries(kinds.flatMap(pathsOf)),
    components: { schemas },
  };
}

const kindSchemaName = (kind: Kind): string => {
  const ref = kind.schema.$ref;
  if (ref !== undefined) return modelName(ref);
  return `${kind.group.split('.').reverse().join('.')}.${kind.version}.${kind.kind}`;
};

/** `V1PodSpec` becomes `io.k8s.api.v1.PodSpec`: kubectl shows what stands after the last dot as the type. */
function modelName(model: string): string {
  const [, origin = '', name = model] = /^([A-Z][a-z]+)?V\d+(.+)$/.exec(model) ?? [];
  return ['io.k8s.api', origin.toLowerCase(), 'v1', name].filter((part) => part !== '').join('.');
}

const identity = ({ group, version, kind }: Kind): JsonObject => ({ group, version, kind });

function kindSchema(kind: Kind, schemas: JsonObject): JsonObject {
  const base =
    kind.schema.$ref === undefined ? customSchema(kind, schemas) : modelDocument(kind.schema.$ref, schemas);
  return { ...base, 'x-kubernetes-group-version-kind': [identity(kind)] };
}

const apiVersionText =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources';
const kindText =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';

function customSchema({ schema }: Kind, schemas: JsonObject): JsonObject {
  const own = translate(schema, schemas);
  return {
    ...own,
    type: 'object',
    properties: {
      ...objectAt(own, 'properties'),
      apiVersion: { type: 'string', description: apiVersionText },
      kind: { type: 'string', description: kindText },
      metadata: {
        description:
          "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        allOf: [reference('V1ObjectMeta', schemas)],
      },
    },
  };
}

function reference(model: string, schemas: JsonObject): JsonObject {
  const name = modelName(model);
  if (schemas[name] === undefined) {
    schemas[name] = {};
    schemas[name] = modelDocument(model, schemas);
  }
  return { $ref: `#/components/schemas/${name}` };
}

function modelDocument(model: string, schemas: JsonObject): JsonObject {
  const docs = modelDocs(model);
  const { properties = {}, ...rest } = modelSchema(model);
  const fields = Object.entries(properties).map(([field, schema]): [string, Json] => {
    const description = docs.fields[field] || describedBy(schema);
    return [field, { ...translate(schema, schemas), ...(description ? { description } : {}) }];
  });
  return {
    ...(docs.description ? { description: docs.description } : {}),
    ...(rest as JsonObject),
    properties: Object.fromEntries(fields),
    ...(docs.required.length > 0 ? { required: [...docs.required] } : {}),
  };
}

/** A field without words of its own is explained by its type. */
const describedBy = ({ $ref, items }: Schema): string => {
  const model = $ref ?? items?.$ref;
  return model === undefined ? '' : modelDocs(model).description;
};

/** A schema with its references turned into those of the document. */
function translate(schema: Schema, schemas: JsonObject): JsonObject {
  const { $ref, properties, items, additionalProperties, ...rest } = schema;
  const out: JsonObject = { ...(rest as JsonObject) };
  if ($ref !== undefined) out['allOf'] = [reference($ref, schemas)];
  if (properties) {
    out['properties'] = Object.fromEntries(
      Object.entries(properties).map(([field, child]) => [field, translate(child, schemas)]),
    );
  }
  if (items) out['items'] = translate(items, schemas);
  if (typeof additionalProperties === 'object')
    out['additionalProperties'] = translate(additionalProperties, schemas);
  else if (additionalProperties !== undefined) out['additionalProperties'] = additionalProperties;
  if (schema['x-kubernetes-int-or-string'] && !schema.anyOf)
    out['oneOf'] = [{ type: 'integer' }, { type: 'string' }];
  return out;
}

const query = (name: string): JsonObject => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
});

function pathsOf(kind: Kind): [string, JsonObject][] {
  const base = `/${rootOf(kind)}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const write = ['dryRun', 'fieldManager', 'fieldValidation'].map(query);
  const read = ['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'watch'].map(query);
  return [
    [base, { get: operation(kind, 'list', read), post: operation(kind, 'post', write) }],
    [
      `${base}/{name}`,
      {
        get: operation(kind, 'get', []),
        put: operation(kind, 'put', write),
        patch: { ...operation(kind, 'patch', [...write, query('force')]), requestBody: patchBody(kind) },
        delete: operation(kind, 'delete', [query('dryRun'), query('propagationPolicy')]),
      },
    ],
  ];
}

function patchBody(kind: Kind): JsonObject {
  const strategic = kind.custom ? [] : ['application/strategic-merge-patch+json'];
  const types = [
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
    ...strategic,
  ];
  return { content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }])) };
}

const operation = (kind: Kind, action: string, parameters: JsonObject[]): JsonObject => ({
  operationId: `${action}${groupVersion(kind).replaceAll(/[./]/g, '')}${kind.kind}`,
  parameters,
  responses: {
    '200': {
      description: 'OK',
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${kindSchemaName(kind)}` } } },
    },
  },
  'x-kubernetes-action': action,
  'x-kubernetes-group-version-kind': identity(kind),
});
