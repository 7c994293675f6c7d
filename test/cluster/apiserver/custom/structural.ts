/** What makes a schema structural: every value typed, conditions free of structure, rules that compile. */
import {
  forbiddenField,
  invalidValue,
  required,
  type FieldError,
} from '../../../../operator/schema/field-error.ts';
import type { Schema } from '../../../../operator/schema/schema.ts';

type Compile = (expression: string) => unknown;

export function structuralErrors(schema: Schema, path: string, compile: Compile): FieldError[] {
  return [
    ...typeErrors(schema, path),
    ...listTypeErrors(schema, path),
    ...forbiddenKeys(schema, path),
    ...ruleErrors(schema, path, compile),
    ...childErrors(schema, path, compile),
  ];
}

function typeErrors(schema: Schema, path: string): FieldError[] {
  const free = schema['x-kubernetes-int-or-string'] ?? schema['x-kubernetes-preserve-unknown-fields'];
  if (schema.type !== undefined || free) return [];
  return [required(`${path}.type`, 'must not be empty for specified object fields')];
}

function listTypeErrors(schema: Schema, path: string): FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (schema['x-kubernetes-list-type'] !== 'map') return [];
  if (keys.length === 0) {
    return [
      required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'),
    ];
  }
  const needed = new Set(schema.items?.required);
  return keys
    .filter((key) => !needed.has(key) && schema.items?.properties?.[key]?.default === undefined)
    .map((key) =>
      required(
        `${path}.items.properties[${key}].default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      ),
    );
}

const notAllowed = [
  '$ref',
  'definitions',
  'dependencies',
  'patternProperties',
  'additionalItems',
  'uniqueItems',
] as const;

function forbiddenKeys(schema: Schema, path: string): FieldError[] {
  const present = notAllowed.filter((key) => Object.hasOwn(schema, key));
  const both = schema.properties !== undefined && schema.additionalProperties !== undefined;
  return [
    ...present.map((key) => forbiddenField(`${path}.${key}`, `${key} is not supported`)),
    ...(both
      ? [
          forbiddenField(
            `${path}.additionalProperties`,
            'additionalProperties and properties are mutual exclusive',
          ),
        ]
      : []),
  ];
}

function ruleErrors(schema: Schema, path: string, compile: Compile): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
    const here = `${path}.x-kubernetes-validations[${index}]`;
    return [
      ...compileError(rule.rule, `${here}.rule`, compile),
      ...(rule.messageExpression === undefined
        ? []
        : compileError(rule.messageExpression, `${here}.messageExpression`, compile)),
    ];
  });
}

function compileError(expression: string, field: string, compile: Compile): FieldError[] {
  try {
    compile(expression);
    return [];
  } catch (error) {
    return [invalidValue(field, expression, `compilation failed: ERROR: ${(error as Error).message}`)];
  }
}

function childErrors(schema: Schema, path: string, compile: Compile): FieldError[] {
  const rest = schema.additionalProperties;
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([field, child]) =>
      // Metadata may be mentioned, but is never described.
      field === 'metadata' && child.type === 'object'
        ? []
        : structuralErrors(child, `${path}.properties[${field}]`, compile),
    ),
    ...(schema.items ? structuralErrors(schema.items, `${path}.items`, compile) : []),
    ...(typeof rest === 'object' ? structuralErrors(rest, `${path}.additionalProperties`, compile) : []),
  ];
}
